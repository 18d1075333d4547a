// The pictures of a turn: small where they were said, large when opened. Each is read when it is shown and let go after.

import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../../parts/icons'
import type { Picture } from './conversation'
import { picture } from './shelf'

const SMALL_WIDTH_PIXELS = 256
const SMALL_HEIGHT_PIXELS = 192

interface Given {
  /** Of the conversation. */
  id: string
  pictures: Picture[]
}

export function Pictures({ id, pictures }: Given) {
  const [opened, setOpened] = useState<number>()
  return (
    <>
      <ul class="turn-pictures" aria-label="Pictures">
        {pictures.map((each, at) => (
          <li key={each.id}>
            <Small id={id} picture={each} name={`Picture ${at + 1} of ${pictures.length}`} onOpen={() => setOpened(at)} />
          </li>
        ))}
      </ul>
      {opened !== undefined && <Large id={id} picture={pictures[opened]!} name={`Picture ${opened + 1} of ${pictures.length}`} onClose={() => setOpened(undefined)} />}
    </>
  )
}

interface OneGiven {
  id: string
  picture: Picture
  name: string
}

/** Takes its place before it is there, so that nothing moves when it comes. */
function Small({ id, picture, name, onOpen }: OneGiven & { onOpen: () => void }) {
  const uri = useUri(id, picture)
  const { width, height } = picture
  const scale = Math.min(1, SMALL_WIDTH_PIXELS / width, SMALL_HEIGHT_PIXELS / height)
  if (uri === null) return <p class="soft picture-gone">{name} is no longer in this browser.</p>
  return (
    <button type="button" class="picture" aria-label={`Open ${name.toLowerCase()}`} style={{ width: `${width * scale}px`, aspectRatio: `${width} / ${height}` }} onClick={onOpen}>
      {uri && <img src={uri} alt="" />}
    </button>
  )
}

function Large({ id, picture, name, onClose }: OneGiven & { onClose: () => void }) {
  const uri = useUri(id, picture)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  // Closed by itself it gives the focus back.
  const close = () => dialog.current?.close()
  return (
    <dialog class="picture-large" aria-label={name} ref={dialog} onClose={onClose} onClick={close}>
      <button type="button" class="button button-icon" aria-label="Close" title="Close">
        <Icon name="close" />
      </button>
      {uri && <img src={uri} alt={name} width={picture.width} height={picture.height} />}
    </dialog>
  )
}

/** Undefined until it is read, null when there is none. */
function useUri(id: string, { id: wanted }: Picture): string | null | undefined {
  const [uri, setUri] = useState<string | null>()
  useEffect(() => {
    let isCurrent = true
    const found = (read: string | undefined) => void (isCurrent && setUri(read ?? null))
    picture(id, wanted).then(found, () => found(undefined))
    return () => void (isCurrent = false)
  }, [id, wanted])
  return uri
}
