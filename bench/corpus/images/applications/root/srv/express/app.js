const express = require('express');
const app = express();
app.use(express.json());
const items = [];
app.get('/', (request, response) => response.json(items));
app.post('/items', (request, response) => { items.push(request.body); response.status(201).end(); });
app.get('/healthz', (request, response) => response.send('ok'));
app.listen(3000);
