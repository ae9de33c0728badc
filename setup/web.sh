#!/bin/sh
# Builds the web pages into web/dist when they are missing or older than what they are made of.
set -e
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here"
stamp=web/dist/.built
if [ -e "$stamp" ] && [ -z "$(find web/admin web/shared web/webmail web/public web/vite.config.ts package-lock.json setup/web.sh -newer "$stamp" | head -n 1)" ]; then
	exit 0
fi
there=node_modules/.package-lock.json
# Also when a library was added since.
[ -x node_modules/.bin/node ] && [ -d node_modules/vite ] && [ -e "$there" ] && [ ! package-lock.json -nt "$there" ] || sh setup/install.sh
# Beside the old ones and then into their place: a node that runs meanwhile always has whole pages.
new=web/dist.new.$$
rm -rf "$new"
trap 'rm -rf "$new" "$new.old" "$new.log" "$new.began"' EXIT
mkdir "$new"
touch "$new.began" # what is changed from here on is not in it
echo "panpipe: building the web pages ..." >&2
if ! node_modules/.bin/node node_modules/vite/bin/vite.js build web --config web/vite.config.ts --outDir "$here/$new" >"$new.log" 2>&1; then
	cat "$new.log" >&2
	echo "panpipe: the web pages could not be built (see above); mail works without them." >&2
	exit 1
fi
touch -r "$new.began" "$new/.built"
[ ! -e web/dist ] || mv web/dist "$new.old"
mv "$new" web/dist
