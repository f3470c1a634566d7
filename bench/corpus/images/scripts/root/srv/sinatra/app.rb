require 'sinatra'
set :bind, '0.0.0.0'
set :port, 4567
get('/') { "Hello from #{RUBY_VERSION}\n" }
get('/healthz') { 'ok' }
