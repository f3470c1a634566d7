#!/bin/sh
# Project made at the first start, database migrated, administrator made, then the server.
set -e
cd /srv
[ -d shop ] || django-admin startproject shop
cd shop
sed -i "s/ALLOWED_HOSTS = .*/ALLOWED_HOSTS = ['*']/" shop/settings.py
python3 manage.py migrate --noinput
DJANGO_SUPERUSER_PASSWORD=change-me python3 manage.py createsuperuser --noinput --username admin --email admin@example.org || true
exec python3 manage.py runserver 0.0.0.0:8000
