// A reverse proxy as people put in front: it writes another Host and says for whom it asks.
import http from 'node:http';

// proxyTo listens on a port of its own; `client` gives the address that a request is said
// to come from. It has a url, as a Program has, and close.
export async function proxyTo(target, client) {
  const { hostname, port } = new URL(target);
  const forward = (request) => http.request({
    hostname, port, method: request.method, path: request.url,
    headers: {
      ...request.headers,
      host: 'backend.internal',
      'x-forwarded-for': [request.headers['x-forwarded-for'], client(request)].filter(Boolean).join(', '),
    },
  });
  const server = http.createServer((request, response) => {
    const onward = forward(request);
    onward.once('response', (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.on('upgrade', (request, socket) => {
    const onward = forward(request);
    const head = (answer) => `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n` +
      answer.rawHeaders.map((text, i) => text + (i % 2 ? '\r\n' : ': ')).join('') + '\r\n';
    onward.once('upgrade', (answer, behind, first) => {
      socket.write(head(answer));
      socket.write(first);
      behind.pipe(socket).pipe(behind);
      for (const [one, other] of [[socket, behind], [behind, socket]]) one.once('error', () => other.destroy()).once('close', () => other.destroy());
    });
    onward.once('response', (answer) => {
      socket.write(head(answer));
      answer.pipe(socket);
    });
    onward.once('error', () => socket.destroy());
    onward.end();
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
