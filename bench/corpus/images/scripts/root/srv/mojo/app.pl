#!/usr/bin/perl
use Mojolicious::Lite;
get '/' => sub { my $c = shift; $c->render(text => "Hello\n") };
get '/healthz' => sub { my $c = shift; $c->render(text => 'ok') };
app->start;
