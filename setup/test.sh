#!/bin/sh
# Everything that must hold: format and lint, types, rooms, tests. Installs what it needs first.
set -e
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here"
[ -x node_modules/.bin/node ] && [ -e node_modules/.package-lock.json ] && [ -x node_modules/.bin/tsc ] || sh setup/install.sh
sh setup/packages.sh nats-server=nats-server swaks=swaks =libnet-ssleay-perl curl=curl mbsync=isync neomutt=neomutt msmtp=msmtp getmail=getmail6 fetchmail=fetchmail offlineimap=offlineimap3 imapfilter=imapfilter python3=python3 =python3-dkim openssl=openssl pebble=pebble \
	chromium=chromium =fonts-noto-cjk
PATH="$here/node_modules/.bin:$PATH"
export PATH NODE_COMPILE_CACHE="$here/node_modules/.cache/node"
biome check .
tsc --noEmit
tsc --noEmit -p web
sh setup/web.sh
exec node --disable-warning=ExperimentalWarning --test --test-concurrency=2 --test-timeout=300000 --test-reporter=spec "$@" \
	'src/**/*.test.ts' 'test/**/*.test.ts'
