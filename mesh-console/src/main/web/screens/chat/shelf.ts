// Where conversations lie: this browser's IndexedDB. Pictures lie beside them, each by itself, since a conversation is
// written again and again and all of them are read at once. A browser that keeps none (a private window may not) still
// talks; then they last as long as the page, and the screen says so.

import type { Conversation } from './conversation'

const NAME = 'mesh'
const CONVERSATIONS = 'conversations'
const PICTURES = 'pictures'

/** Pictures that are not written yet, or could not be, by conversation and picture. */
const held = new Map<string, Map<string, string>>()

let opening: Promise<IDBDatabase> | undefined

function opened(): Promise<IDBDatabase> {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 2)
    asked.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) asked.result.createObjectStore(CONVERSATIONS, { keyPath: 'id' })
      asked.result.createObjectStore(PICTURES)
    }
    asked.onsuccess = () => {
      // A newer page of another tab is not held up by this one.
      asked.result.onversionchange = () => asked.result.close()
      resolve(asked.result)
    }
    asked.onerror = () => reject(asked.error)
    asked.onblocked = () => reject(new Error('held by another page'))
  })
  return opening
}

async function done<T>(mode: IDBTransactionMode, act: (conversations: IDBObjectStore, pictures: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await opened()).transaction([CONVERSATIONS, PICTURES], mode)
  const asked = act(transaction.objectStore(CONVERSATIONS), transaction.objectStore(PICTURES))
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked.result)
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('not written'))
  })
}

export function all(): Promise<Conversation[]> {
  return done('readonly', conversations => conversations.getAll())
}

export async function keep(conversation: Conversation) {
  await done('readwrite', conversations => conversations.put(conversation))
}

export async function keepPicture(conversation: string, picture: string, uri: string) {
  held.set(conversation, (held.get(conversation) ?? new Map()).set(picture, uri))
  await done('readwrite', (_, pictures) => pictures.put(uri, [conversation, picture]))
  held.get(conversation)?.delete(picture)
}

export async function picture(conversation: string, picture: string): Promise<string | undefined> {
  return held.get(conversation)?.get(picture) ?? (await done<string | undefined>('readonly', (_, pictures) => pictures.get([conversation, picture])))
}

export async function forget(id: string) {
  held.delete(id)
  await done('readwrite', (conversations, pictures) => {
    conversations.delete(id)
    // An array sorts behind every text.
    return pictures.delete(IDBKeyRange.bound([id], [id, []]))
  })
}

export async function forgetAll() {
  held.clear()
  await done('readwrite', (conversations, pictures) => {
    conversations.clear()
    return pictures.clear()
  })
}
