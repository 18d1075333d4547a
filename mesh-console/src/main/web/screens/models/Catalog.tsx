// What could be served here: the files on this machine, the demos, and the catalog, each with where it fits. Fetched with
// progress, paused, gone on with.

import { useEffect, useMemo, useState } from 'preact/hooks'
import { call } from '../../feed/calls'
import type { Model, Operation } from '../../feed/entities'
import { useWorld } from '../../feed/store'
import { bytes, clean, count, duration, percent, plural, rate } from '../../format'
import { RefusedNotice, useActs, type Acts } from '../../parts/Acting'
import { Meter } from '../../parts/Meter'
import { Name } from '../../parts/Name'
import { Card } from '../../parts/Page'
import { modelTone, Pill, type Tone } from '../../parts/Pill'
import { Table } from '../../parts/Table'

interface Entry {
  name: string
  sizeBytes: number
  sizeIsExact: boolean
  presence: 'ours' | 'yours' | 'made' | 'absent'
  /** What a download that was paused has left, to go on from. */
  cameBytes?: number
  fits: 'here' | 'mesh' | 'nowhere'
  needBytes?: number
  why?: string
  family?: string
  quantization?: string
  parametersBillions?: number
  contextTokens?: number
  capabilities?: string[]
  license?: string
}

const FITS: [fits: string, word: string][] = [
  ['here', 'here'],
  ['mesh', 'in the mesh'],
  ['any', 'any'],
]
const PRESENCE: Record<Entry['presence'], string> = { ours: 'on disk', yours: 'on disk, yours', made: 'made on the spot', absent: 'not here' }

export function Catalog() {
  const models = useWorld(world => world.model)
  const operations = useWorld(world => world.operation)
  const isOffline = useWorld(world => world.self?.offline) ?? false
  const [entries, setEntries] = useState<Entry[]>()
  const [words, setWords] = useState('')
  const [fits, setFits] = useState('mesh')
  const [ability, setAbility] = useState('')
  const acts = useActs()
  const [tried, setTried] = useState('')
  const arriving = Object.values(operations)
    .filter(each => each.kind === 'download' && each.state !== 'failed')
    .map(each => each.subject)
    .join()
  // What lies on the disk changes when a download ends, be it sooner than anybody could see it run, or a model appears.
  const ended = useWorld(world => world.log.findLast(line => line.event === 'download.done')?.number)
  const served = Object.keys(models).join()
  useEffect(() => {
    let isCurrent = true
    call<Entry[]>('GET', 'catalog').then(
      said => isCurrent && setEntries(said),
      () => undefined,
    )
    return () => void (isCurrent = false)
  }, [arriving, served, ended])
  const shown = useMemo(() => (entries ?? []).filter(each => isWanted(each, words, fits, ability)), [entries, words, fits, ability])
  const abilities = useMemo(() => [...new Set((entries ?? []).flatMap(each => each.capabilities ?? []))].sort(), [entries])
  if (!entries) return null
  const act = (word: string, what: () => Promise<unknown>) => {
    setTried(word)
    void acts.act(what)
  }
  return (
    <Card title="What could be served" aside={`${plural(shown.length, 'model')} of ${count(entries.length)}`}>
      <div class="filters catalog-filters">
        <div class="catalog-fits">
          <span class="soft">fits</span>
          <div class="choices" role="group" aria-label="Fits">
            {FITS.map(([each, word]) => (
              <button key={each} type="button" aria-pressed={fits === each} onClick={() => setFits(each)}>
                {word}
              </button>
            ))}
          </div>
        </div>
        <select class="field" aria-label="Able to" value={ability} onChange={event => setAbility(event.currentTarget.value)}>
          <option value="">able to do anything</option>
          {abilities.map(each => (
            <option key={each} value={each}>
              {clean(each, 30)}
            </option>
          ))}
        </select>
        <input
          type="search"
          class="field filter-words"
          placeholder="A name or a family"
          aria-label="Find in the catalog"
          value={words}
          onInput={event => setWords(event.currentTarget.value)}
        />
      </div>
      {isOffline && <p class="soft catalog-offline">This node is offline: what is not on this machine cannot be fetched.</p>}
      <RefusedNotice refused={acts.refused} what={tried} />
      {shown.length === 0 ? (
        <p class="soft">No model matches.</p>
      ) : (
        <Table
          caption="What could be served"
          rows={shown}
          keyOf={each => each.name}
          columns={[
            { title: 'Model', cell: each => <Title entry={each} />, by: each => each.name },
            { title: 'Fits', cell: each => <Fits entry={each} />, by: each => each.needBytes ?? each.sizeBytes },
            { title: 'Size', cell: each => (each.sizeIsExact ? bytes(each.sizeBytes) : `about ${bytes(each.sizeBytes)}`), by: each => each.sizeBytes, isFigure: true },
            { title: 'Context', cell: each => (each.contextTokens ? count(each.contextTokens) : <span class="unknown">unknown</span>), by: each => each.contextTokens, isFigure: true },
            { title: 'Able to', cell: each => clean((each.capabilities ?? []).join(', '), 60) || <span class="unknown">unknown</span> },
            {
              title: 'State',
              cell: each => <Standing entry={each} model={models[each.name]} operation={operationOf(operations, each.name)} isOffline={isOffline} acts={acts} onAct={act} />,
            },
          ]}
        />
      )}
    </Card>
  )
}

function isWanted(entry: Entry, words: string, fits: string, ability: string): boolean {
  const wanted = words.trim().toLowerCase()
  if (wanted && !`${entry.name} ${entry.family ?? ''}`.toLowerCase().includes(wanted)) return false
  if (ability && !entry.capabilities?.includes(ability)) return false
  return fits === 'any' || entry.fits === 'here' || (fits === 'mesh' && entry.fits === 'mesh')
}

function operationOf(operations: Record<string, Operation>, name: string): Operation | undefined {
  return Object.values(operations).find(each => each.kind === 'download' && each.subject === name)
}

function Title({ entry }: { entry: Entry }) {
  const facts = [entry.parametersBillions !== undefined && `${entry.parametersBillions} B`, entry.quantization, entry.license].filter(Boolean).join(' · ')
  return (
    <span class="catalog-title">
      <strong>
        <Name charsMax={40}>{entry.name}</Name>
      </strong>
      {facts && <span class="soft">{clean(facts, 60)}</span>}
    </span>
  )
}

function Fits({ entry }: { entry: Entry }) {
  const [tone, word]: [Tone, string] =
    entry.fits === 'here' ? ['good', 'here'] : entry.fits === 'mesh' ? ['busy', 'in the mesh'] : ['bad', `needs ${bytes(entry.needBytes ?? entry.sizeBytes)}`]
  return (
    <Pill tone={tone} {...(entry.why ? { title: clean(entry.why, 200) } : {})}>
      {word}
    </Pill>
  )
}

interface StandingGiven {
  entry: Entry
  model: Model | undefined
  operation: Operation | undefined
  isOffline: boolean
  acts: Acts
  onAct: (word: string, what: () => Promise<unknown>) => void
}

function Standing({ entry, model, operation, isOffline, acts, onAct }: StandingGiven) {
  const { name } = entry
  if (operation && operation.state !== 'failed')
    return (
      <span class="catalog-act">
        <Arriving operation={operation} />
        <button
          type="button"
          class="button button-quiet"
          aria-label={`Pause ${clean(name)}`}
          disabled={acts.isBusy}
          onClick={() => onAct(`${clean(name)} is not paused`, () => call('DELETE', `downloads/${encodeURIComponent(name)}`))}
        >
          Pause
        </button>
      </span>
    )
  if (model && model.state !== 'cold') return <Pill tone={modelTone(model.state)}>{clean(model.state, 20)}</Pill>
  const isAbsent = entry.presence === 'absent'
  const fetchWord = entry.cameBytes === undefined ? 'Download' : 'Go on'
  return (
    <span class="catalog-act">
      <span class="soft">{entry.cameBytes === undefined ? PRESENCE[entry.presence] : `paused, ${bytes(entry.cameBytes)} came`}</span>
      {operation?.reason && <span class="soft">failed: {clean(operation.reason, 40)}</span>}
      {!(isAbsent && isOffline) && (
        <button
          type="button"
          class="button button-quiet"
          aria-label={`Load ${clean(name)}`}
          disabled={acts.isBusy}
          onClick={() => onAct(`${clean(name)} is not loaded`, () => call('POST', 'models', { model: name }))}
        >
          Load
        </button>
      )}
      {isAbsent && !isOffline && (
        <button
          type="button"
          class="button button-quiet"
          aria-label={`${fetchWord} ${clean(name)}`}
          disabled={acts.isBusy}
          onClick={() => onAct(`${clean(name)} is not fetched`, () => call('POST', 'downloads', { model: name }))}
        >
          {fetchWord}
        </button>
      )}
    </span>
  )
}

function Arriving({ operation }: { operation: Operation }) {
  const { doneBytes, totalBytes, bytesPerSecond, phase } = operation
  const isMeasured = doneBytes !== undefined && totalBytes !== undefined
  const leftMillis = isMeasured && bytesPerSecond ? (1_000 * (totalBytes - doneBytes)) / bytesPerSecond : undefined
  return (
    <span class="catalog-arriving">
      <Meter label={`${phase ?? 'fetching'} ${clean(operation.subject)}`} {...(doneBytes === undefined ? {} : { part: doneBytes })} {...(totalBytes === undefined ? {} : { whole: totalBytes })} />
      <span class="soft">
        {[
          isMeasured ? percent(doneBytes, totalBytes) : doneBytes !== undefined && bytes(doneBytes),
          bytesPerSecond !== undefined && rate(bytesPerSecond),
          leftMillis !== undefined && `${duration(Math.ceil(leftMillis / 1_000) * 1_000)} left`,
          phase && phase !== 'fetching' && clean(phase, 20),
        ]
          .filter(Boolean)
          .join(', ')}
      </span>
    </span>
  )
}
