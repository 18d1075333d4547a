// The daemon's log as it is written: filtered by how bad, by words, by kind of event; held still to be read.

import { useEffect, useMemo, useState } from 'preact/hooks'
import { current, useWorld } from '../../feed/store'
import type { LogLine } from '../../feed/entities'
import { plural } from '../../format'
import { Icon } from '../../parts/icons'
import { keysOf, LogLines } from '../../parts/LogLines'
import { Card, Empty, Page } from '../../parts/Page'

const LEVELS = ['debug', 'info', 'warn', 'error']
const SHOWN_MAX = 300

export default function Events() {
  const log = useWorld(world => world.log)
  const [level, setLevel] = useState('info')
  const [words, setWords] = useState('')
  const [room, setRoom] = useState('')
  const [held, setHeld] = useState<LogLine[] | undefined>()
  const lines = held ?? log
  // A node that was asked elsewhere may come back with a new log; a room that is not in it would hide everything.
  const rooms = useMemo(() => [...new Set(lines.map(roomOf))].sort(), [lines])
  useEffect(() => {
    if (room && !rooms.includes(room)) setRoom('')
  }, [rooms, room])
  const shown = useMemo(() => {
    const wanted = words.trim().toLowerCase()
    return lines
      .filter(line => LEVELS.indexOf(line.level.toLowerCase()) >= LEVELS.indexOf(level))
      .filter(line => !room || roomOf(line) === room)
      .filter(line => !wanted || textOf(line).includes(wanted))
      .reverse()
  }, [lines, level, words, room])
  const fresh = held ? log.length - held.length : 0
  return (
    <Page
      title="Events"
      actions={
        <button
          type="button"
          class="button"
          aria-pressed={held !== undefined}
          onClick={() => setHeld(held ? undefined : current().log)}
        >
          <Icon name={held ? 'play' : 'pause'} size={16} />
          {held ? (fresh > 0 ? `Go on, ${plural(fresh, 'new line')}` : 'Go on') : 'Hold'}
        </button>
      }
    >
      <div class="filters">
        <div class="choices" role="group" aria-label="Least level">
          {LEVELS.map(each => (
            <button key={each} type="button" aria-pressed={level === each} onClick={() => setLevel(each)}>
              {each}
            </button>
          ))}
        </div>
        <select class="field" aria-label="Part" value={room} onChange={event => setRoom(event.currentTarget.value)}>
          <option value="">every part</option>
          {rooms.map(each => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        <input
          type="search"
          class="field filter-words"
          placeholder="A word, a node, a reason"
          aria-label="Find in the lines"
          value={words}
          onInput={event => setWords(event.currentTarget.value)}
        />
      </div>
      {shown.length === 0 ? (
        <Empty title={lines.length === 0 ? 'Nothing was logged yet' : 'No line matches'}>
          {lines.length > 0 && <p>{plural(lines.length, 'line')} are known; choose a lower level or other words.</p>}
        </Empty>
      ) : (
        <Card title="Log" aside={`${plural(shown.length, 'line')}, newest first${held ? ', held' : ''}`}>
          <LogLines lines={shown.slice(0, SHOWN_MAX)} />
          {shown.length > SHOWN_MAX && <p class="soft">Older ones: <code>mesh logs</code></p>}
        </Card>
      )}
    </Page>
  )
}

/** The first word of an event's name is the part of the daemon that it comes from. */
function roomOf(line: LogLine): string {
  return line.event.split('.')[0]!
}

function textOf(line: LogLine): string {
  return `${line.event} ${keysOf(line)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')}`.toLowerCase()
}
