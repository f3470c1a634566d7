#!/bin/sh
# A batch job: imports a table, aggregates it, exports the result.
set -e
db=/data/sales.db
mkdir -p /data
seq 1 5000 | awk '{ printf "%d,region%d,%.2f\n", $1, $1 % 7, $1 * 1.25 }' >/data/sales.csv
sqlite3 "$db" 'CREATE TABLE IF NOT EXISTS sales (id INTEGER, region TEXT, amount REAL);'
sqlite3 -csv "$db" '.import /data/sales.csv sales'
sqlite3 -header -csv "$db" 'SELECT region, count(*), sum(amount) FROM sales GROUP BY region ORDER BY 3 DESC;' >/data/by-region.csv
sqlite3 "$db" 'VACUUM; PRAGMA integrity_check;'
cat /data/by-region.csv
rm -f /data/sales.csv
