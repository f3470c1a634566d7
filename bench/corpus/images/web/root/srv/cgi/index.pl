#!/usr/bin/perl
print "Content-Type: text/plain\r\n\r\n";
print "You asked for $ENV{REQUEST_URI}\n";
