CREATE TABLE orders (id serial PRIMARY KEY, customer text NOT NULL, total numeric NOT NULL);
INSERT INTO orders (customer, total) SELECT 'customer ' || n, n * 3.5 FROM generate_series(1, 500) AS n;
