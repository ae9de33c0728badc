#!/bin/sh
# Panpipe beside Postfix and Dovecot, on this machine, in one run.   sh bench/run.sh [--json] [--only NAME,…] [--runs N]
# Root and a Debian are needed, because Postfix does not start as anybody else. Nothing listens outside 127.0.0.0/8.
set -eu
cd "$(dirname "$0")/.."

# Debian starts what it installs. We only want the programs: the services are masked and stay masked,
# and while the packages are being set up a policy forbids starting anything.
install_quietly() {
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then mv "$policy" "$policy.before-bench"; fi
	trap policy_undo EXIT
	trap 'exit 1' INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	mkdir -p /etc/systemd/system
	for unit in postfix.service postfix@-.service dovecot.service dovecot.socket; do
		[ -e "/etc/systemd/system/$unit" ] || [ -L "/etc/systemd/system/$unit" ] || ln -s /dev/null "/etc/systemd/system/$unit"
	done
	export DEBIAN_FRONTEND=noninteractive
	echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
	apt-get -qq update >&2
	apt-get -qq -y --no-install-recommends install "$@" >/dev/null
	echo "installed $*; their system services are masked in /etc/systemd/system" >&2
	policy_undo
}

policy_undo() {
	rm -f /usr/sbin/policy-rc.d
	if [ -e /usr/sbin/policy-rc.d.before-bench ]; then mv /usr/sbin/policy-rc.d.before-bench /usr/sbin/policy-rc.d; fi
	trap - EXIT INT TERM
}

missing=
for package in postfix dovecot-imapd dovecot-lmtpd dovecot-pop3d chromium; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "missing:$missing (as root this script installs them)" >&2
		exit 1
	fi
	# shellcheck disable=SC2086
	install_quietly $missing
fi

exec node_modules/.bin/node bench/main.ts "$@"
