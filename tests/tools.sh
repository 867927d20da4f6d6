#!/usr/bin/env bash
# Finds what the tests need beside Python: a Chromium, and PostgreSQL's programs. Installs what is missing
# where it may (root on Debian or Ubuntu), and says in one line what to do where it may not.
set -eu

have_browser() { command -v chromium chromium-browser google-chrome >/dev/null 2>&1; }
have_postgres() { command -v initdb >/dev/null 2>&1 || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; }

missing=()
have_browser || missing+=(chromium)
have_postgres || missing+=(postgresql)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests: ${missing[*]} ..."
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "The tests need ${missing[*]}: install them (Debian, Ubuntu: sudo apt install ${missing[*]}) and try again."
  exit 1
fi
