// A relay over the @nostr-relay packages, on loopback: relay.mjs [--auth] [--db=FILE]
// Says {"ready":true,"port":N} on its first line and ends when its standard input does.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import common from '@nostr-relay/common';
import core from '@nostr-relay/core';
import validation from '@nostr-relay/validator';
import { WebSocketServer } from 'ws';

const wantsAuth = process.argv.includes('--auth');
const file = process.argv.find((word) => word.startsWith('--db='))?.slice(5);

/** Events by address, as NIP-01 wants them kept; written whole to a file if one was named. */
class Shelf extends common.EventRepository {
  events = new Map(file && existsSync(file) ? JSON.parse(readFileSync(file)) : []);

  isSearchSupported() {
    return false;
  }

  upsert(event) {
    const key = `${event.kind}:${event.pubkey}:${event.tags.find(([name]) => name === 'd')?.[1] ?? ''}`;
    const held = this.events.get(key);
    const wins = !held || event.created_at > held.created_at
      || (event.created_at === held.created_at && event.id < held.id);
    if (wins) this.events.set(key, event);
    if (file) writeFileSync(file, JSON.stringify([...this.events]));
    return { isDuplicate: !wins };
  }

  find({ ids, authors, kinds, since = 0, until = Infinity, limit = 100, ...rest }) {
    const tags = rest.genericTagsCollection ?? Object.entries(rest)
      .filter(([name]) => name.startsWith('#')).map(([name, values]) => [name.slice(1), values]);
    return [...this.events.values()]
      .filter((event) => (!ids || ids.includes(event.id))
        && (!authors || authors.includes(event.pubkey))
        && (!kinds || kinds.includes(event.kind))
        && event.created_at >= since && event.created_at <= until
        && tags.every(([name, values]) => event.tags.some(([tag, value]) => tag === name && values.includes(value))))
      .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  async deleteByDeletionRequest(request) {
    for (const [key, event] of this.events) {
      const named = request.tags.some(([tag, value]) => (tag === 'e' && value === event.id)
        || (tag === 'a' && value === key && event.created_at <= request.created_at));
      if (named && event.pubkey === request.pubkey) this.events.delete(key);
    }
  }

  async destroy() {}
}

const validator = new validation.Validator();
const relay = new core.NostrRelay(new Shelf(), {
  domain: wantsAuth ? '127.0.0.1' : undefined,
  filterResultCacheTtl: 0,
  eventHandlingResultCacheTtl: 0,
});
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 131072 });
server.on('connection', (socket, request) => {
  relay.handleConnection(socket, request.socket.remoteAddress);
  socket.on('message', async (bytes) => {
    try {
      const message = await validator.validateIncomingMessage(bytes);
      if (wantsAuth && message[0] === 'EVENT' && !relay.isAuthorized(socket))
        socket.send(JSON.stringify(['OK', message[1].id, false, 'auth-required: prove your key']));
      else await relay.handleMessage(socket, message);
    } catch (refused) {
      socket.send(JSON.stringify(['NOTICE', String(refused.message)]));
    }
  });
  socket.on('close', () => relay.handleDisconnect(socket));
  socket.on('error', () => socket.terminate());
});
server.on('listening', () => console.log(JSON.stringify({ ready: true, port: server.address().port })));
process.stdin.on('end', () => process.exit(0)).resume();
