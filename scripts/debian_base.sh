#!/bin/sh
# Usage: debian_base.sh IMAGE.tar (as root, on Debian with debootstrap)
#
# Makes a base image for the Dockerfile where no container registry can be asked: this machine's own Debian with its
# Python, from where this machine has its packages, without manuals and translations. Then for example:
#
#     podman import IMAGE.tar debian-python && podman build --build-arg BASE=localhost/debian-python .
set -eu

target=$1
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    awk -v release="$release" '$1 == release && $2 == "main" { print $3; exit }')
if [ -z "$mirror" ]; then
    echo "apt knows no mirror of Debian $release: run apt-get update" >&2
    exit 1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$release" "$folder" "$mirror"
chmod 755 "$folder" # it becomes /
cd "$folder"
rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/* usr/share/doc usr/share/locale usr/share/man
tar -cf "$target" --one-file-system .
