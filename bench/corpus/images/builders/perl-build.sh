#!/bin/sh
# A module's build as its authors document it.
set -e
mkdir -p /tmp/module/lib /tmp/module/t && cd /tmp/module
# shellcheck disable=SC2016  # the dollars are Perl's
printf 'package Tally;\nsub add { $_[0] + $_[1] }\n1;\n' >lib/Tally.pm
printf 'use ExtUtils::MakeMaker;\nWriteMakefile(NAME => "Tally", VERSION => "1.0");\n' >Makefile.PL
printf 'use Test::More tests => 1;\nuse_ok("Tally");\n' >t/basic.t
perl Makefile.PL && make && make test && make install
