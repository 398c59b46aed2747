/** `POST /login` gives a cookie for the password `sesame`; `/orders` shows the orders of whoever the cookie belongs to. */
import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';

const ORDERS: Record<string, string[]> = { ann: ['A-1', 'A-2'], bob: ['B-7'] };

export const site = (): RequestListener => async (request, response) => {
  response.setHeader('content-type', 'text/html');
  if (request.url === '/login') {
    const form = new URLSearchParams(await text(request));
    if (form.get('password') !== 'sesame') return response.end('<form>Wrong password</form>');
    return response.setHeader('set-cookie', `user=${form.get('user')}; Path=/; HttpOnly`).end('Welcome');
  }
  const orders = ORDERS[/user=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''];
  if (orders === undefined) return response.writeHead(401).end();
  return response.end(orders.map((id) => `<li class="order">${id}</li>`).join(''));
};
