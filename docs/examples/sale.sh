#!/bin/sh
# A sale to a member known by number, as a till makes it: quote, write the key down, commit, and ask again until there is an answer.
# Needs curl and jq:  LOYALTILL_TOKEN_FILE=.../api.token sh sale.sh 6034000000000018
set -eu
url=${LOYALTILL_URL:-http://127.0.0.1:8787}
pending=${LOYALTILL_PENDING:-sale.pending} # on the till's disk: a restart finds the sale here
tries=5

# The body comes from standard input, the token from a file: neither stands in the list of processes.
call() { # path [key]
	printf 'Authorization: Bearer %s\nContent-Type: application/json\nAccept-Language: en\n%s\n' \
		"$(cat "$LOYALTILL_TOKEN_FILE")" "${2:+Idempotency-Key: $2}" >"$pending.header"
	curl --silent --max-time 50 --header "@$pending.header" --data @- "$url$1"
}

# The same key and body until there is an answer: whether the first try went through does not matter.
commit() {
	n=0
	while n=$((n + 1)); do
		answer=$(jq .body "$pending" | call /v1/lanes/1/sales "$(jq -r .key "$pending")") && ! is .retryable && return
		[ "$n" -lt "$tries" ] || { [ -n "$answer" ] && return; echo 'no answer: try again later' >&2; exit 1; }
		sleep "$n"
	done
}

is() { printf %s "$answer" | jq -e "$1" >/dev/null; }
say() { printf %s "$answer" | jq -r "def money: \"\(. / 100 | floor).\(. % 100 + 100 | tostring[1:])\"; $1"; }

umask 077
trap 'rm -f "$pending.header"' EXIT
if [ ! -e "$pending" ]; then
	bill=$(jq -n --arg number "$1" '{$number, cashier: "anna", lines: [
		{sku: "4750001", name: "Milk 1 l", category: "food/dairy", quantity: 2000, amount: 858, tax: 1200}]}')
	answer=$(printf %s "$bill" | call /v1/lanes/1/quote)
	is .code && { say '"refused: \(.code): \(.message)"'; exit; }
	say '"quote: \(.to_pay | money) to pay, earns \(.earned)"'
	printf %s "$answer" | jq --argjson bill "$bill" --arg key "$(cat /proc/sys/kernel/random/uuid)" \
		'{$key, body: ($bill + {quote, tenders: [{kind: "cash", amount: .to_pay}]})}' >"$pending.new"
	sync "$pending.new" && mv "$pending.new" "$pending"
fi
commit
if is .code; then # final: nothing was sold
	say '"refused: \(.code): \(.message)"'
else
	say '"sale: \(.to_pay | money) paid, earned \(.earned), balance \(.balance)"'
	seq=$(say .seq)
	commit
	is ".replayed and .seq == $seq" && echo 'again: the first answer' || echo 'again: another sale'
fi
rm -f "$pending"
