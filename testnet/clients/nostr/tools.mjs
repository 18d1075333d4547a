// nostr-tools as judge and author:  tools.mjs check URL KIND   |   tools.mjs publish URL KIND
// check prints one line per stored event: {"id", "genuine", "content"}; publish writes awkward events and prints their ids.
import { finalizeEvent, generateSecretKey, getEventHash, verifyEvent } from 'nostr-tools/pure';
import WebSocket from 'ws';

const [, , verb, url, kind] = process.argv;
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
    const genuine = getEventHash(second) === second.id && verifyEvent(second);
    console.log(JSON.stringify({ id: second.id, genuine, content: second.content }));
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
