#!/bin/sh
# Installs Debian packages that are missing: sh setup/packages.sh COMMAND=PACKAGE ...
# What brings no command is asked for as =PACKAGE; where there is no dpkg to know, it is taken to be there.
# Debian's nats-server brings a service of its own; it is masked first, so that nothing listens on the network but
# the servers that a node starts for itself.
set -e
missing=""
for pair in "$@"; do
	case $pair in =*)
		command -v dpkg-query >/dev/null 2>&1 || continue
		dpkg-query -W -f '${Status}' "${pair#=}" 2>/dev/null | grep -q ' installed$' || missing="$missing ${pair#=}"
		continue
	esac
	command -v "${pair%%=*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%=*}" ] || missing="$missing ${pair#*=}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "panpipe: please install:$missing   (on Debian, as root: apt-get install$missing)" >&2
	echo "panpipe: for nats-server, first: ln -s /dev/null /etc/systemd/system/nats-server.service" >&2
	exit 1
fi
echo "panpipe: installing$missing ..." >&2
for package in $missing; do
	case $package in nats-server)
		mkdir -p /etc/systemd/system
		[ -e /etc/systemd/system/nats-server.service ] || ln -s /dev/null /etc/systemd/system/nats-server.service
	esac
done
log=$(mktemp)
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
	tail -n 15 "$log" >&2
	echo "panpipe: could not install$missing; install them by hand and try again." >&2
	rm -f "$log"
	exit 1
fi
rm -f "$log"
