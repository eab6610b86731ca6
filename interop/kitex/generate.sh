#!/bin/sh
# Regenerates kitex_gen from the IDL files with the generator pinned in tools/go.mod.
# Kitex brings thriftgo and the Protobuf compiler along; nothing else has to be installed.
set -eu
cd "$(dirname "$0")"

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go -C tools build -o "$bin/kitex" github.com/cloudwego/kitex/tool/cmd/kitex

rm -rf kitex_gen
for idl in idl/interop.thrift idl/interop.proto; do
    "$bin/kitex" -module sluice.io/interop/kitex -streamx -no-dependency-check "$idl"
done
gofmt -w kitex_gen
