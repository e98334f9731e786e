#!/bin/sh
# A whole release with `launchway` alone, from an empty Launchway: sign in, register what is needed, release a tag, and
# wait for its end. Ends with the release's exit status.
#
#   LAUNCHWAY_URL    https://launchway.example         TOKEN_FILE   a file with an API token of an administrator
#   REPOSITORY       where Git finds the project       TAG          what is released
#   SSH_HOST, SSH_PORT, SSH_USER, SSH_KEY_FILE         the server, and the private key that opens it
#   SSH_FINGERPRINT  the server's host key: on it, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
#   TARGET           the folder on the server
set -eu
: "${LAUNCHWAY_URL:?}" "${TOKEN_FILE:?}" "${REPOSITORY:?}" "${TAG:?}" "${TARGET:?}"
: "${SSH_HOST:?}" "${SSH_PORT:?}" "${SSH_USER:?}" "${SSH_KEY_FILE:?}" "${SSH_FINGERPRINT:?}"

launchway login "$LAUNCHWAY_URL" --token - <"$TOKEN_FILE"
launchway whoami

launchway credentials create --name deploy --kind ssh_key --username "$SSH_USER" --secret-file "$SSH_KEY_FILE"

# No credential is sent to a host whose key is not pinned.
launchway servers create --hostname web-1 --address "$SSH_HOST" --port "$SSH_PORT" --credential deploy
launchway servers pin web-1 "$SSH_FINGERPRINT"
launchway servers check web-1

launchway projects create --title shop --repo "$REPOSITORY"
launchway projects check shop
launchway environments create --project shop --name test --kind test --path "$TARGET" --server web-1
launchway environments check --project shop test
launchway refs shop

launchway release create --project shop --env test --tag "$TAG" --note 'From a script' \
  --hook before_deploy='echo "on $LAUNCHWAY_SERVER"' --start --wait
