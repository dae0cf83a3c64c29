//! The fixed texts that run in a pod. What an operator or a parameter says is handed to them as arguments and never
//! pasted in. They need a POSIX `sh` with `dd`, `ls`, `tail` and one of `sha256sum`, `shasum` and `openssl`: busybox and
//! dash have enough.

/// The name the texts are run under, `$0`.
pub const NAME: &str = "pilothouse";
/// Blocks that are read at once, in bytes.
pub const BLOCK: u64 = 64 << 10;
/// The directory is there already, or could not be made.
pub const NO_ROOM: i32 = 73;
/// The directory is not there.
pub const MISSING: i32 = 74;
/// Nothing there can compute a SHA-256.
pub const NO_DIGEST: i32 = 69;
/// What was sent has another digest than it should.
pub const SPOILT: i32 = 65;

/// `DIR COMMAND…`: begins a command whose output stands in a private directory, and leaves it running: a connection that is
/// cut takes nothing with it.
pub const BEGIN: &str = r#"umask 077
d=$1
shift
mkdir "$d" || exit 73
(
trap '' HUP
"$@" >"$d/data" 2>"$d/said" </dev/null &
c=$!
echo "$c" >"$d/pid"
wait "$c"
echo "$?" >"$d/status.new"
mv "$d/status.new" "$d/status"
) >/dev/null 2>&1 </dev/null &
echo begun"#;

/// `DIR`: how far it is: `size N`, looked at after what is said of its end, then `status N`, `running`, `gone`, or `idle` where nothing was begun.
pub const LOOK: &str = r#"d=$1
[ -d "$d" ] || exit 74
if [ -f "$d/status" ]; then t="status $(cat "$d/status")"
elif [ ! -f "$d/pid" ]; then t=idle
elif kill -0 "$(cat "$d/pid")" 2>/dev/null; then t=running
else t=gone
fi
s=$(ls -ln "$d/data" 2>/dev/null | { read -r a b c e n r && echo "$n"; })
echo "size ${s:-0}"
echo "$t""#;

/// `DIR`: the last words of its standard error.
pub const SAID: &str = r#"tail -c 2000 "$1/said""#;

/// `DIR`: ends the command.
pub const STOP: &str = r#"kill "$(cat "$1/pid")""#;

/// `DIR FIRST END BLOCKS`: the digest of each chunk from the first to before the end, then that of all of it.
pub const SUMS: &str = r#"d=$1
i=$2
n=$3
b=$4
sum() {
if command -v sha256sum >/dev/null 2>&1; then sha256sum
elif command -v shasum >/dev/null 2>&1; then shasum -a 256
elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r
else exit 69
fi
}
while [ "$i" -lt "$n" ]; do
h=$(dd if="$d/data" bs=65536 skip=$((i*b)) count="$b" 2>/dev/null | sum) || exit 69
echo "$i ${h%% *}"
i=$((i+1))
done
h=$(sum <"$d/data") || exit 69
echo "whole ${h%% *}""#;

/// `DIR FIRST END BLOCKS`: the bytes of the chunks from the first to before the end.
pub const FETCH: &str = r#"d=$1
i=$2
n=$3
b=$4
while [ "$i" -lt "$n" ]; do
dd if="$d/data" bs=65536 skip=$((i*b)) count="$b" 2>/dev/null || exit 70
i=$((i+1))
done"#;

/// `DIR`: takes away what the texts above made, and nothing else.
pub const REMOVE: &str = r#"d=$1
[ -d "$d" ] || exit 74
rm -f "$d/data" "$d/said" "$d/status" "$d/status.new" "$d/pid" "$d/pipe" "$d/sum"
[ ! -d "$d/begun" ] || rmdir "$d/begun"
rmdir "$d" && echo removed"#;

/// `DIR COMMAND…`: the command's output straight, with a digest taken on the way. The last line of standard error is
/// `pilothouse STATUS DIGEST`.
pub const STRAIGHT: &str = r#"umask 077
d=$1
shift
mkdir "$d" || exit 73
mkfifo "$d/pipe" || exit 73
sum() {
if command -v sha256sum >/dev/null 2>&1; then sha256sum
elif command -v shasum >/dev/null 2>&1; then shasum -a 256
elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r
else exit 69
fi
}
sum <"$d/pipe" >"$d/sum" &
h=$!
{ "$@" </dev/null; echo "$?" >"$d/status"; } | tee "$d/pipe"
wait "$h" || exit 69
s=$(cat "$d/status")
m=$(cat "$d/sum")
rm -f "$d/pipe" "$d/sum" "$d/status"
rmdir "$d"
echo "
pilothouse $s ${m%% *}" >&2"#;

/// `DIR BLOCKS BYTES`: takes so many bytes from standard input, which need not end, behind the first so many blocks; what was
/// behind them goes. It says how many it has.
pub const TAKE: &str = r#"umask 077
d=$1
[ -d "$d" ] || mkdir "$d" || exit 73
dd if=/dev/null of="$d/data" bs=65536 seek="$2" 2>/dev/null || exit 73
head -c "$3" >>"$d/data" || exit 73
s=$(ls -ln "$d/data" | { read -r a b c e n r && echo "$n"; })
echo "size $s""#;

/// `DIR DIGEST COMMAND…`: begins a command on the data that was sent, when it has that digest.
pub const GIVE: &str = r#"umask 077
d=$1
w=$2
shift 2
[ -d "$d" ] || exit 74
sum() {
if command -v sha256sum >/dev/null 2>&1; then sha256sum
elif command -v shasum >/dev/null 2>&1; then shasum -a 256
elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r
else exit 69
fi
}
h=$(sum <"$d/data") || exit 69
[ "${h%% *}" = "$w" ] || exit 65
mkdir "$d/begun" || exit 73
(
trap '' HUP
"$@" <"$d/data" >"$d/said" 2>&1 &
c=$!
echo "$c" >"$d/pid"
wait "$c"
echo "$?" >"$d/status.new"
mv "$d/status.new" "$d/status"
) >/dev/null 2>&1 </dev/null &
echo begun"#;
