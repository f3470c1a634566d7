// A page and a health check, with nothing but what node brings.
const http = require('http');
http.createServer((request, response) => {
  response.writeHead(200, {'Content-Type': 'application/json'});
  response.end(JSON.stringify({path: request.url, up: process.uptime()}));
}).listen(3000, () => console.log('listening on 3000'));
