#!/bin/sh
# A whole release with `curl` alone, from an empty Launchway: register what is needed, release a tag, and follow it by
# long polling to its end. Ends with 0 where it succeeded.
#
#   LAUNCHWAY_URL    https://launchway.example         LAUNCHWAY_TOKEN   an API token of an administrator
#   REPOSITORY       where Git finds the project       TAG               what is released
#   SSH_HOST, SSH_PORT, SSH_USER, SSH_KEY_FILE         the server, and the private key that opens it
#   SSH_FINGERPRINT  the server's host key: on it, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
#   TARGET           the folder on the server
set -eu
: "${LAUNCHWAY_URL:?}" "${LAUNCHWAY_TOKEN:?}" "${REPOSITORY:?}" "${TAG:?}" "${TARGET:?}"
: "${SSH_HOST:?}" "${SSH_PORT:?}" "${SSH_USER:?}" "${SSH_KEY_FILE:?}" "${SSH_FINGERPRINT:?}"

# The token goes through a file that only curl reads: arguments show in lists of processes.
config=$(mktemp)
trap 'rm -f "$config"' EXIT
printf 'header = "Authorization: Bearer %s"\n' "$LAUNCHWAY_TOKEN" >"$config"

# api METHOD PATH [BODY]: the answer; a refusal is printed and ends the script.
api() {
  curl --silent --show-error --fail-with-body --config "$config" --request "$1" \
    --header 'Content-Type: application/json' ${3+--data-binary "$3"} "$LAUNCHWAY_URL/api/v1$2" || {
    echo >&2
    return 1
  }
}
# number NAME / word NAME: the first of that name in the JSON on standard input.
number() { grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d : -f 2; }
word() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# JSON has no line breaks within strings: a key's become \n.
key=$(awk '{ printf "%s\\n", $0 }' "$SSH_KEY_FILE")
credential=$(api POST /credentials \
  "{\"name\": \"deploy\", \"kind\": \"ssh_key\", \"username\": \"$SSH_USER\", \"secret\": \"$key\"}" | number id)

# No credential is sent to a host whose key is not pinned.
server=$(api POST /servers \
  "{\"hostname\": \"web-1\", \"address\": \"$SSH_HOST\", \"port\": $SSH_PORT, \"credential_id\": $credential}" | number id)
api POST "/servers/$server/host-key" "{\"fingerprint\": \"$SSH_FINGERPRINT\"}" >/dev/null
api POST "/servers/$server/check"
echo

project=$(api POST /projects "{\"title\": \"shop\", \"repo_url\": \"$REPOSITORY\"}" | number id)
environment=$(api POST "/projects/$project/environments" \
  "{\"name\": \"test\", \"kind\": \"test\", \"path\": \"$TARGET\", \"server_ids\": [$server]}" | number id)

# With a key, a call that is made twice, since its answer was lost, is carried out once.
release=$(curl --silent --show-error --fail-with-body --config "$config" \
  --header 'Content-Type: application/json' --header "Idempotency-Key: shop-$TAG" --data-binary \
  "{\"project_id\": $project, \"environment_id\": $environment, \"ref\": {\"kind\": \"tag\", \"name\": \"$TAG\"}}" \
  "$LAUNCHWAY_URL/api/v1/releases" | number id)
api POST "/releases/$release/start" >/dev/null

# Each call answers as soon as there is an event after the last one, or after 30 seconds.
after=0
while :; do
  events=$(api GET "/events?topics=release:$release&after=$after&wait=30")
  after=$(printf '%s' "$events" | grep -o '"next":[0-9]*' | tail -n 1 | cut -d : -f 2)
  status=$(api GET "/releases/$release" | word status)
  echo "event $after: $status"
  case $status in
    succeeded) exit 0 ;;
    failed | canceled) exit 1 ;;
  esac
done
