// Shows GET /mesh/v1/status, every two seconds while the tab is visible. Text goes in as text only, never as HTML.
const EVERY_MILLIS = 2000;
const at = id => document.getElementById(id);
const bytes = n => (n >= 1e9 ? (n / 1e9).toFixed(1) + ' GB' : (n / 1e6).toFixed(1) + ' MB');

function cell(row, text, name) {
  const td = row.insertCell();
  td.textContent = text;
  if (name) td.className = name;
}

function show(status) {
  at('node').className = '';
  at('node').textContent = `${status.node.name} · version ${status.version}`;
  at('api').textContent = `${status.api.url}/v1`;
  at('memory').textContent =
    `${bytes(status.memory.usableBytes)} of ${bytes(status.memory.totalBytes)} (${status.memory.source})`;
  at('requests').textContent =
    `${status.requests.answered} answered, ${status.requests.failed} failed, ${status.requests.left} left by their callers`;
  at('no-models').hidden = status.models.length > 0;
  at('models').replaceChildren();
  for (const model of status.models) {
    const row = at('models').insertRow();
    cell(row, model.name);
    cell(row, model.state, model.state);
    cell(row, model.ctx ? `${model.ctx} tokens` : 'unknown');
    cell(row, bytes(model.sizeBytes));
    cell(row, model.detail ? `${model.reason}: ${model.detail}` : model.reason);
  }
  const ready = status.models.find(model => model.state === 'ready');
  at('try').textContent = ready
    ? `curl ${status.api.url}/v1/chat/completions -H 'content-type: application/json' \\\n`
      + `  -d '{"model":"${ready.name}","messages":[{"role":"user","content":"Hello"}]}'`
    : '';
}

async function ask() {
  try {
    const answer = await fetch('mesh/v1/status');
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.json());
  } catch (lost) {
    at('node').className = 'lost';
    at('node').textContent = `the node does not answer (${lost.message}); what stands below may be old`;
  }
}

setInterval(() => { if (!document.hidden) ask(); }, EVERY_MILLIS);
ask();
