#!/bin/sh
# Prints the first Python that can carry loanbook (3.11 to 3.13, with venv) or, when there is none, one sentence saying
# what is missing. Usage: find_python.sh [PYTHON]: with an argument, only that one is tried.

seen=""
for python in ${1:-python3 python3.13 python3.12 python3.11}; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case $version in
        3.11 | 3.12 | 3.13) ;;
        *) seen="$seen $python is $version;" && continue ;;
    esac
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python"
        exit 0
    fi
    seen="$seen $python has no venv module (Debian: apt install python$version-venv);"
done

echo "loanbook needs Python 3.11, 3.12 or 3.13:${seen:- found none as ${1:-python3};}" \
    "install one, or say make PYTHON=/path/to/python"
exit 1
