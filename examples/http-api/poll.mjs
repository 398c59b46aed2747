// A front end in a few lines: begins a diagnosis, follows it, prints what it came to.
//
//   node examples/http-api/poll.mjs http://127.0.0.1:8080 海澜鞋业,云步 qwen,zhipu '推荐几款跑鞋？哪些耐磨？'
//
// Where the server asks for a token, it stands in CATENA_TOKEN.
const [base, brands, models, question] = process.argv.slice(2);
if (question === undefined) {
  console.error('usage: poll.mjs BASE_URL BRAND[,RIVAL…] MODEL[,MODEL…] QUESTIONS');
  process.exit(2);
}
const token = process.env.CATENA_TOKEN;
const WAIT_SECONDS = 25;
const PATIENCE_SECONDS = 5;

/** Asks again, after as long as it is told to wait, when the server has too much to do or is about to stop. */
async function ask(path, options = {}) {
  for (;;) {
    const response = await fetch(base + path, {
      ...options,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...options.headers,
      },
    });
    const body = await response.json();
    if (response.ok) return body;
    if (response.status !== 429 && response.status !== 503) throw new Error(`${body.error}: ${body.message}`);
    const seconds = Number(response.headers.get('retry-after') ?? PATIENCE_SECONDS);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  }
}

try {
  const { execution_id: id } = await ask('/api/perform-brand-test', {
    method: 'POST',
    // Sent again after a lost answer, this begins no second diagnosis.
    headers: { 'idempotency-key': crypto.randomUUID() },
    body: JSON.stringify({
      brand_list: brands.split(','),
      selectedModels: models.split(','),
      custom_question: question,
      userOpenid: 'example',
    }),
  });

  let status = await ask(`/test/status/${id}`);
  for (;;) {
    // A completed diagnosis may be preliminary: its calls go on, and a report of a later revision replaces this one.
    const kind = status.is_completed && !status.final ? ', preliminary' : '';
    console.error(`${status.stage} ${status.progress} % (${status.results.length} answers${kind})`);
    if (status.final) break;
    const known = status.is_completed ? `revision=${status.revision}` : `stage=${status.stage}`;
    status = await ask(`/test/status/${id}?wait=${WAIT_SECONDS}&${known}`);
  }

  // A run that failed has ended too: only the stage tells which.
  if (status.stage === 'failed') throw new Error(`the diagnosis failed in ${status.failed_stage}: ${status.error}`);
  console.log(JSON.stringify(await ask(`/api/deep-intelligence/${id}`), null, 2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
