// nostr-tools as judge and author:  tools.mjs check URL KIND   |   tools.mjs publish URL KIND   |   tools.mjs cross FILE
// check prints one line per stored event: {"id", "author", "genuine", "content", "expiration"}; publish writes awkward
// events and prints their ids. cross reads lines {"secret", "sealed", "event"}, judges the event, opens what was sealed for
// the secret, and answers with its own: {"genuine", "npub", "opened", "sealed", "event"}.
import { readFileSync } from 'node:fs';
import { decrypt, encrypt, getConversationKey } from 'nostr-tools/nip44';
import { npubEncode } from 'nostr-tools/nip19';
import { finalizeEvent, generateSecretKey, getEventHash, verifyEvent } from 'nostr-tools/pure';
import WebSocket from 'ws';

const [, , verb, url, kind] = process.argv;

const isGenuine = (event) => getEventHash(event) === event.id && verifyEvent(event);

function crossed({ secret, sealed, event }) {
  const key = Uint8Array.from(Buffer.from(secret, 'hex'));
  const conversation = getConversationKey(key, event.pubkey);
  const opened = decrypt(sealed, conversation);
  return {
    genuine: isGenuine(event),
    npub: npubEncode(event.pubkey),
    opened,
    sealed: encrypt(opened, conversation),
    event: finalizeEvent({ kind: event.kind, created_at: event.created_at, tags: event.tags, content: event.content }, key),
  };
}

if (verb === 'cross') {
  const lines = readFileSync(url, 'utf8').trim().split('\n');
  console.log(lines.map((line) => JSON.stringify(crossed(JSON.parse(line)))).join('\n'));
  process.exit(0);
}

const socket = new WebSocket(url);
const say = (...frame) => socket.send(JSON.stringify(frame));

const awkward = ['plain', '"quotes" \\ / and \b\t\n\f\r', '\u0000\u001b\u001f\u007f', '\u2028\u2029 é 東京 🍕', '{"a":[1]}'];

socket.on('open', () => {
  if (verb === 'check') return say('REQ', 's', { kinds: [Number(kind)] });
  const key = generateSecretKey();
  const now = Math.floor(Date.now() / 1000);
  awkward.forEach((content, i) => say('EVENT', finalizeEvent(
    { kind: Number(kind), created_at: now, tags: [['d', `${i} ${content}`], ['expiration', String(now + 600)]], content }, key)));
});

let answered = 0;
socket.on('message', (bytes) => {
  const [word, first, second, third] = JSON.parse(bytes);
  if (word === 'EVENT') {
    const expiration = Number(second.tags.find(([name]) => name === 'expiration')?.[1]);
    console.log(JSON.stringify({
      id: second.id, author: second.pubkey, genuine: isGenuine(second), content: second.content, expiration,
    }));
  }
  if (word === 'EOSE') socket.close();
  if (word === 'OK') {
    console.log(JSON.stringify({ id: first, accepted: second, message: third }));
    if (++answered === awkward.length) socket.close();
  }
});
socket.on('error', (failed) => {
  console.error(failed.message);
  process.exit(1);
});
