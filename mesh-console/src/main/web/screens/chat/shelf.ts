// Where conversations lie: this browser's IndexedDB. A browser that keeps none (a private window may not) still talks;
// then they last as long as the page, and the screen says so.

import type { Conversation } from './conversation'

const NAME = 'mesh'
const STORE = 'conversations'

let opening: Promise<IDBDatabase> | undefined

function opened(): Promise<IDBDatabase> {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: 'id' })
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
    asked.onblocked = () => reject(new Error('held by another page'))
  })
  return opening
}

async function done<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await opened()).transaction(STORE, mode)
  const asked = act(transaction.objectStore(STORE))
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked.result)
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('not written'))
  })
}

export function all(): Promise<Conversation[]> {
  return done('readonly', store => store.getAll())
}

export async function keep(conversation: Conversation) {
  await done('readwrite', store => store.put(conversation))
}

export async function forget(id: string) {
  await done('readwrite', store => store.delete(id))
}

export async function forgetAll() {
  await done('readwrite', store => store.clear())
}
