// A picture on its way to a model: told by its bytes and not by its name, drawn once in this browser, small enough to go
// with every question, and kept as that drawing. Where, when and with what it was taken stays behind in the file.

import { bytes, clean } from '../../format'
import { freshId, type Picture } from './conversation'

/** A picture with its content, before it is kept. */
export interface Attached extends Picture {
  uri: string
}

/** Each costs hundreds of tokens of context and is sent again with every question. */
export const PICTURES_MAX = 6

/** No camera's JPEG is larger; to decode more could cost the page its memory. */
const FILE_BYTES_MAX = 40_000_000

/** Models that see scale down to about this by themselves. */
export const SIDE_PIXELS_MAX = 1_568

/** A screenshot stays sharp below this; what is larger is rather a photo. */
const PNG_BYTES_MAX = 500_000
const JPEG_QUALITY = 0.85

/** How the formats begin. SVG is not among them: it is a document, which can ask for others. */
const KNOWN = /^(?:\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF[^]{4}WEBP)/
const KNOWN_BYTES = 12
const JPEG = '\xff\xd8'

const KEPT = /^data:image\/(?:png|jpeg);base64,[A-Za-z0-9+/]+={0,2}$/

/** Throws an error whose message is for the person who chose the file. */
export async function pictureOf(file: File): Promise<Attached> {
  const name = clean(file.name, 40) || 'This'
  if (file.size > FILE_BYTES_MAX) throw new Error(`${name} is too large: ${bytes(file.size)}, at most ${bytes(FILE_BYTES_MAX)}`)
  try {
    const head = String.fromCharCode(...new Uint8Array(await file.slice(0, KNOWN_BYTES).arrayBuffer()))
    if (KNOWN.test(head)) return await drawn(await createImageBitmap(file), head.startsWith(JPEG))
  } catch {
    throw new Error(`${name} is broken or too large to be read`)
  }
  throw new Error(`${name} is no picture: PNG, JPEG, WebP and GIF are`)
}

async function drawn(whole: ImageBitmap, isPhoto: boolean): Promise<Attached> {
  const scale = Math.min(1, SIDE_PIXELS_MAX / Math.max(whole.width, whole.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(whole.width * scale))
  canvas.height = Math.max(1, Math.round(whole.height * scale))
  const pen = canvas.getContext('2d')!
  // What is transparent would be black to a model.
  pen.fillStyle = 'white'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.imageSmoothingQuality = 'high'
  pen.drawImage(whole, 0, 0, canvas.width, canvas.height)
  whole.close()
  const sharp = isPhoto ? undefined : await encoded(canvas, 'image/png')
  const small = sharp && sharp.size <= PNG_BYTES_MAX ? sharp : await encoded(canvas, 'image/jpeg')
  return { id: freshId(), width: canvas.width, height: canvas.height, uri: await uriOf(small) }
}

function encoded(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) => canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('not encoded'))), type, JPEG_QUALITY))
}

function uriOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result as string)
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(blob)
  })
}

/** Whether a text from elsewhere is a picture as this page writes them. */
export function isKept(uri: unknown): uri is string {
  return typeof uri === 'string' && KEPT.test(uri)
}
