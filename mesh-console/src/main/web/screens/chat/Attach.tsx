// Pictures for the next message: chosen, pasted or dropped on the page, and taken off again.

import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../../parts/icons'
import { PICTURES_MAX, pictureOf, type Attached } from './picture'
import type { Sight } from './sight'

export interface Attaching {
  attached: Attached[]
  /** Files that are being drawn: what is sent now would go without them. */
  reading: number
  /** What was not taken, and why. */
  trouble: string
  isOver: boolean
  take: (files: Iterable<File>) => void
  remove: (id: string) => void
  clear: () => void
}

export function useAttaching(sight: Sight): Attaching {
  const [attached, setAttached] = useState<Attached[]>([])
  const [reading, setReading] = useState(0)
  const [trouble, setTrouble] = useState('')
  const [isOver, setOver] = useState(false)
  const take = async (files: Iterable<File>) => {
    if (sight.takes !== 'yes') return setTrouble(`${sight.words}.`)
    const all = [...files]
    const taken = all.slice(0, PICTURES_MAX - attached.length - reading)
    const words = taken.length < all.length ? [`One message takes ${PICTURES_MAX} pictures at most`] : []
    setReading(before => before + taken.length)
    // One after the other: a decoded photo is fifty megabytes.
    for (const file of taken) {
      try {
        const picture = await pictureOf(file)
        setAttached(before => [...before, picture])
      } catch (broken) {
        words.push((broken as Error).message)
      }
      setReading(before => before - 1)
    }
    setTrouble(words.map(each => `${each}.`).join(' '))
  }
  useEffect(() => setTrouble(''), [sight.takes])
  const latest = useRef({ take, sight })
  latest.current = { take, sight }
  useEffect(() => {
    const moved = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      // Else the browser would leave the page for the file.
      event.preventDefault()
      const isTaken = latest.current.sight.takes === 'yes'
      event.dataTransfer.dropEffect = isTaken ? 'copy' : 'none'
      setOver(event.type === 'dragover' && isTaken)
      if (event.type === 'drop') void latest.current.take(event.dataTransfer.files)
    }
    const left = (event: DragEvent) => event.relatedTarget === null && setOver(false)
    addEventListener('dragover', moved)
    addEventListener('drop', moved)
    addEventListener('dragleave', left)
    return () => {
      removeEventListener('dragover', moved)
      removeEventListener('drop', moved)
      removeEventListener('dragleave', left)
    }
  }, [])
  return {
    attached,
    reading,
    trouble,
    isOver,
    take: files => void take(files),
    remove: id => setAttached(before => before.filter(each => each.id !== id)),
    clear: () => {
      setAttached([])
      setTrouble('')
    },
  }
}

/** What is pasted as text stays text, even where an office program adds a picture of it. */
export function pasted(event: ClipboardEvent): File[] {
  const board = event.clipboardData
  return board && !board.types.includes('text/plain') ? [...board.files] : []
}

export function AttachButton({ isOff, reasonId, onFiles }: { isOff: boolean; reasonId: string; onFiles: (files: Iterable<File>) => void }) {
  const chooser = useRef<HTMLInputElement>(null)
  return (
    <>
      <button
        type="button"
        class="button button-quiet button-icon"
        aria-label="Attach pictures"
        title="Attach pictures"
        aria-describedby={reasonId}
        disabled={isOff}
        onClick={() => chooser.current?.click()}
      >
        <Icon name="picture" />
      </button>
      <input
        ref={chooser}
        type="file"
        accept="image/png,image/jpeg,image/webp,image/gif"
        multiple
        class="hidden"
        tabIndex={-1}
        aria-label="Pictures to attach"
        disabled={isOff}
        onChange={event => {
          onFiles([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = ''
        }}
      />
    </>
  )
}

export function Thumbs({ attached, reading, onRemove }: { attached: Attached[]; reading: number; onRemove: (id: string) => void }) {
  if (attached.length + reading === 0) return null
  return (
    <ul class="thumbs" aria-label="Attached pictures" aria-busy={reading > 0}>
      {attached.map(({ id, uri }, at) => (
        <li key={id}>
          <img src={uri} alt={`Attached picture ${at + 1}`} />
          <button type="button" aria-label={`Remove picture ${at + 1}`} title="Remove" onClick={() => onRemove(id)}>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      {Array.from({ length: reading }, (_, at) => (
        <li key={at} class="thumb-waits" />
      ))}
    </ul>
  )
}
