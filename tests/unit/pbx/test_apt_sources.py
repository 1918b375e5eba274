"""Debian mirrors in apt sources of both forms."""

from ivr.pbx.prefix.apt_sources import SourceFile, debian_mirrors


def test_deb822_gives_the_archive_and_not_security() -> None:
    text = """\
Types: deb deb-src
# a comment inside
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
    assert debian_mirrors([SourceFile("debian.sources", text)]) == ["http://mirror.example/debian"]


def test_deb822_continuation_lines_disabled_stanzas_and_sources_only() -> None:
    text = """\
Types: deb-src
URIs: http://sources.example/debian
Suites: trixie
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main

Types: deb
URIs:
 http://first.example/debian
 http://second.example/debian
Suites: trixie
Components: main contrib
"""
    assert debian_mirrors([SourceFile("debian.sources", text)]) == [
        "http://first.example/debian",
        "http://second.example/debian",
    ]


def test_one_line_with_options_comments_cd_and_the_old_security_form() -> None:
    text = """\
# deb http://commented.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb http://security.example/debian bullseye/updates main
deb-src http://sources.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # near
deb http://mirror.example/debian/ bookworm-updates main
"""
    assert debian_mirrors([SourceFile("sources.list", text)]) == ["http://mirror.example/debian"]


def test_other_systems_and_flat_repositories_are_no_debian_mirror() -> None:
    text = """\
deb http://ubuntu.example/ubuntu noble main
deb http://node.example/node_20.x nodistro main
deb http://flat.example/ ./
deb http://partial.example/debian bookworm contrib
"""
    assert debian_mirrors([SourceFile("sources.list", text)]) == []
