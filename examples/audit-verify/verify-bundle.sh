#!/usr/bin/env bash
# Checks a range bundle of Florin's audit log with openssl (3.0 or later) and standard tools: that
# the holder of VERIFIER_KEY signed the checkpoint, and that the lines are its leaves, all of them.
#
#   verify-bundle.sh BUNDLE.jsonl VERIFIER_KEY
#
# Ends with 0 when everything holds, else with 1 and a sentence. About 100 lines a second.
set -euo pipefail
export LC_ALL=C

wrong() { echo "WRONG: $1" >&2; exit 1; }
[ $# -eq 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
bundle=$1
key=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Bytes to hexadecimal digits and back.
hex() { od -An -v -tx1 | tr -d ' \n'; }
bytes() { local digits; digits=$(sed 's/../\\x&/g'); printf '%b' "$digits"; }
sha256() { openssl dgst -sha256 -r | cut -c1-64; }
base64_hex() { printf '%s' "$1" | base64 -d | hex; }

# RFC 6962 2.1: a leaf is hashed behind a zero byte, two nodes behind a one.
leaf_hash() { { printf '\0'; printf '%s' "$1"; } | sha256; }
node_hash() { printf '01%s%s' "$1" "$2" | bytes | sha256; }

# --- The header: canonical JSON, so each member has one spelling.
IFS= read -r header < "$bundle" || wrong 'the file has no line'
case $header in
  *'"format":"florin-audit-bundle"'*'"kind":"range"'*'"version":1}') ;;
  *) wrong 'the first line is no header of a range (unpack .gz and .zst first)' ;;
esac
number() { sed -n "s/.*$1\([0-9][0-9]*\).*/\1/p" <<< "$header"; }
list() { sed -n "s/.*\"$1\":\[\([^]]*\)\].*/\1/p" <<< "$header" | tr -d '"' | tr ',' ' '; }
count=$(number '"count":')
first=$(number '"first":')
size=$(number '"size":')
[[ -n $count && -n $first && -n $size ]] || wrong 'the header lacks its numbers'
# The shell would read over zero bytes, which no record has.
[ "$(tr -d '\0' < "$bundle" | wc -c)" -eq "$(wc -c < "$bundle")" ] || wrong 'the file has zero bytes'
note=$(sed -n 's/^{"checkpoint":"\([^"]*\)".*/\1/p' <<< "$header")
case ${note//\\n/} in *\\*) wrong 'the checkpoint has characters that no log name needs' ;; esac
printf '%b' "$note" > "$work/note"

# --- The signature: of the lines before the empty one, by the key that was given.
name=${key%%+*}
rest=${key#*+}
key_hash=${rest%%+*}
key_hex=$(base64_hex "${rest#*+}") || wrong 'the verifier key is malformed'
[ ${#key_hex} -eq 66 ] && [ "${key_hex:0:2}" = 01 ] || wrong 'the verifier key is not an Ed25519 key'
[ "$({ printf '%s\n' "$name"; bytes <<< "$key_hex"; } | sha256 | cut -c1-8)" = "$key_hash" ] ||
  wrong 'the verifier key does not fit its own hash'
sed '/^$/,$d' "$work/note" > "$work/text"
signature=$(awk -v name="$name" '$1 == "\342\200\224" && $2 == name { print $3; exit }' "$work/note")
signature_hex=$(base64_hex "$signature") || wrong 'the signature is malformed'
[ "${signature_hex:0:8}" = "$key_hash" ] || wrong 'the checkpoint is not signed by the given key'
bytes <<< "${signature_hex:8}" > "$work/signature"
bytes <<< "302a300506032b6570032100${key_hex:2}" > "$work/key.der"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin \
  -in "$work/text" -sigfile "$work/signature" > /dev/null 2>&1 ||
  wrong 'the signature is not one of this checkpoint'
{ IFS= read -r origin; IFS= read -r signed_size; IFS= read -r root; } < "$work/text"
[ "$origin" = "$name" ] || wrong 'the checkpoint is of another log'
[ "$signed_size" = "$size" ] || wrong 'the header gives another size than the checkpoint'

# --- The tree: the roots of complete subtrees, of which two of the same height are joined.
hashes=()
heights=()
add() {
  local height=$1 hash=$2 last=$((${#hashes[@]} - 1))
  while [ $last -ge 0 ] && [ "${heights[last]}" -eq "$height" ]; do
    hash=$(node_hash "${hashes[last]}" "$hash")
    unset "hashes[last]" "heights[last]"
    height=$((height + 1)) last=$((last - 1))
  done
  hashes+=("$hash") heights+=("$height")
}
end=$((first + count))
[ $end -le "$size" ] || wrong 'the range ends beyond the tree'

read -ra left <<< "$(list left)" || true
for ((height = 62, at = 0; height >= 0; height--)); do
  (((first >> height) & 1)) || continue
  add $height "$(base64_hex "${left[at]:-}")"
  at=$((at + 1))
done
[ $at -eq ${#left[@]} ] || wrong 'the header has a wrong count of hashes on the left'

lines=0
while IFS= read -r line || [ -n "$line" ]; do
  add 0 "$(leaf_hash "$line")"
  lines=$((lines + 1))
done < <(sed 1d "$bundle")
[ $lines -eq "$count" ] || wrong "the header says $count leaves, the file has $lines"

read -ra right <<< "$(list right)" || true
for ((position = end, at = 0; position < size; position += 1 << height, at++)); do
  height=0
  while ((position % (2 << height) == 0 && position + (2 << height) <= size)); do
    height=$((height + 1))
  done
  add $height "$(base64_hex "${right[at]:-}")"
done
[ $at -eq ${#right[@]} ] || wrong 'the header has a wrong count of hashes on the right'

found=$(printf '' | sha256)
for ((at = ${#hashes[@]} - 1; at >= 0; at--)); do
  if [ $((at + 1)) -eq ${#hashes[@]} ]; then found=${hashes[at]}
  else found=$(node_hash "${hashes[at]}" "$found"); fi
done
[ "$found" = "$(base64_hex "$root")" ] || wrong 'the lines lead to another root than the signed one'
echo "OK: $count leaves from $first on, of the $size of $origin, as signed by the given key"
