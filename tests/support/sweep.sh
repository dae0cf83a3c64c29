# Removes the room of a control plane once its maker is gone and no supervisor has a process left in it.
#
#   sweep ROOM
trap '' HUP INT TERM
while read -r _; do :; done
tries=0
while [ -n "$(ls "$1/running")" ] && [ "$tries" -lt 200 ]; do
    tries=$((tries + 1))
    sleep 0.05
done
rm -rf "$1"
