#!/bin/sh
# What onegpu reads of this PC, before anything is installed. The lab looks at it.
. ./lib.sh
cp /run/lab/onegpu /usr/local/bin/onegpu
onegpu detect
for format in json toml; do onegpu detect --format "$format" -o "/run/lab/detect.$format" || exit 1; done
onegpu groups --format json -o /run/lab/groups.json
onegpu groups
