# shellcheck shell=bash
# Signing with the key in the file that MOCK_IMDS_SIGNING_KEY names, in a keyring that is forgotten. Sourced after lib.sh,
# never run. Without the variable nothing is signed.

signing_key=${MOCK_IMDS_SIGNING_KEY:-}
keyring=

gpg_here() { gpg --homedir "$keyring" --batch --quiet --no-tty --yes "$@"; }

forget_key() {
    [ -n "$keyring" ] || return 0
    gpgconf --homedir "$keyring" --kill all || true
    rm -rf "$keyring"
}

take_key() {
    command -v gpg >/dev/null || need gpg gpg-agent >&2
    keyring=$(mktemp -d)
    gpg_here --import "$signing_key" ||
        fail 65 "gpg cannot import the key of MOCK_IMDS_SIGNING_KEY=$signing_key; expected one without passphrase, written by gpg --export-secret-keys --armor"
}

# sign --detach-sign|--clearsign FILE TO
sign() { gpg_here --digest-algo SHA256 --armor "$1" --output "$3" "$2"; }
