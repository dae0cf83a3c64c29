# Holds one process for as long as standard input stays open.
#
#   supervise MARK LOG PROGRAM [ARGUMENT…]
#
# Standard input is a pipe whose only writer is the test binary. However that ends, by return, by panic or by SIGKILL,
# the kernel closes the pipe, `read` meets the end of the file, and the process is killed by its pid. The shell has
# not waited for it before that, so the pid cannot have gone to somebody else.
# The file MARK exists from before the process starts until after it is gone.
#
# A signal ends the reading as well. One that comes in earnest is SIGHUP: with the test binary gone this is an orphaned
# process group, and if the process in it is stopped the kernel hangs up on both.
trap : HUP INT TERM
mark=$1
log=$2
shift 2
: >"$mark"
"$@" </dev/null >>"$log" 2>&1 &
process=$!
echo "$process"
while read -r _; do :; done
kill -KILL "$process"
wait "$process"
rm -f "$mark"
