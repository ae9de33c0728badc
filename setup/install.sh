#!/bin/sh
# Dependencies from the npm registry, the pinned runtime among them. Run by ./panpipe and the tests when missing.
set -e
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
if ! command -v npm >/dev/null 2>&1; then
	echo "panpipe: npm is missing. Install Node.js (20 or newer) with npm, e.g. 'apt-get install npm', and try again." >&2
	exit 1
fi
echo "panpipe: installing dependencies (once) ..." >&2
# Not "npm ci": it refuses a lock file that lacks optional packages of other platforms, which not every registry has.
if ! (cd "$here" && npm install --no-save --no-audit --no-fund --loglevel=error >&2); then
	echo "panpipe: the dependencies could not be installed: is the npm registry within reach?" >&2
	exit 1
fi
if [ ! -x "$here/node_modules/.bin/node" ]; then
	echo "panpipe: there is no pinned Node.js for this kind of machine ($(uname -sm)); install Node.js 26 as node_modules/.bin/node." >&2
	exit 1
fi
