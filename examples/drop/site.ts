/** Three jobs, one of them without a salary. */
import type { RequestListener } from 'node:http';

const JOBS: [string, string][] = [
  ['Baker', '2800'],
  ['Poet', ''],
  ['Welder', '3400'],
];

export const site = (): RequestListener => (_request, response) => {
  const rows = JOBS.map(([title, salary]) => `<li class="job" data-salary="${salary}"><b class="title">${title}</b>`);
  response.setHeader('content-type', 'text/html').end(rows.join(''));
};
