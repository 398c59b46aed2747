/** A table of rainfall: decimal commas, and a town in which nobody measured. */
import type { RequestListener } from 'node:http';

const TABLE = `<table>
<tbody><tr><td>Bergen</td><td> 133,5 </td></tr><tr><td>Oslo</td><td>–</td></tr><tr><td>Tromsø</td><td>0</td></tr></tbody>
<tfoot><tr><td>all</td><td>133,5</td></tr></tfoot>
</table>`;

export const site = (): RequestListener => (_request, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8').end(TABLE);
};
