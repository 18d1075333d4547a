// What the mesh serves and how it stands, what this node could serve, and why things are as they are.

import { useMemo, useState } from 'preact/hooks'
import { call } from '../../feed/calls'
import type { Model } from '../../feed/entities'
import { useWorld } from '../../feed/store'
import { bytes, clean, count, figure, percent, plural } from '../../format'
import { RefusedNotice, useActs } from '../../parts/Acting'
import { Confirm } from '../../parts/Confirm'
import { Drawer } from '../../parts/Drawer'
import { Meter } from '../../parts/Meter'
import { Name } from '../../parts/Name'
import { Card, Empty, Facts, Page } from '../../parts/Page'
import { modelTone, Pill } from '../../parts/Pill'
import { Table, type Column } from '../../parts/Table'
import { hrefOf, type Route } from '../../router'
import { Catalog } from './Catalog'
import { Explain } from './Explain'
import { reasonWords } from './words'

const ORDER = ['ready', 'loading', 'waiting', 'failed', 'cold']

export default function Models({ route }: { route: Route }) {
  const group = useWorld(world => world.model)
  const models = useMemo(() => Object.values(group).sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.name.localeCompare(b.name)), [group])
  const openName = route.rest[0]
  const open = openName === undefined ? undefined : group[openName]
  const go = (name?: string) => void (location.hash = name ? hrefOf('models', name) : hrefOf('models'))
  return (
    <Page title="Models">
      <Load />
      <div class={open ? 'with-drawer has-drawer' : 'with-drawer'}>
        {models.length === 0 ? (
          <Empty title="No model is known yet">
            <p>
              Serve one above: <code>demo</code> is made on the spot in a moment and shows that all of it works.
            </p>
          </Empty>
        ) : (
          <Card title="In this mesh" aside={plural(models.length, 'model')}>
            <Rows models={models} openName={openName} onOpen={model => go(model.name === openName ? undefined : model.name)} />
          </Card>
        )}
        {open && <ModelDrawer key={open.name} model={open} onClose={() => go()} />}
      </div>
      <Catalog />
    </Page>
  )
}

function Load() {
  const [said, setSaid] = useState('')
  const { isBusy, refused, act } = useActs()
  const [asked, setAsked] = useState('')
  const load = async () => {
    const model = said.trim()
    if (!model) return
    setAsked(model)
    if (await act(() => call('POST', 'models', { model }))) setSaid('')
  }
  return (
    <Card title="Serve a model on this node">
      <form
        class="load"
        onSubmit={event => {
          event.preventDefault()
          void load()
        }}
      >
        <input
          class="field"
          aria-label="Model to serve"
          aria-describedby="load-hint"
          placeholder="demo"
          autocomplete="off"
          spellcheck={false}
          value={said}
          onInput={event => setSaid(event.currentTarget.value)}
        />
        <button type="submit" class="button button-main" disabled={isBusy || !said.trim()}>
          {isBusy ? 'Asking …' : 'Load'}
        </button>
      </form>
      <p class="soft load-hint" id="load-hint">
        A name of the catalog, the path of a GGUF file on this machine, <code>org/repo/file.gguf</code> or an address.
      </p>
      <RefusedNotice refused={refused} what={<>“{clean(asked, 60)}” is not loaded</>} />
    </Card>
  )
}

/** What stands in the drawer as well gives way to it. */
const FIGURES: Column<Model>[] = [
  { title: 'Tokens/s', cell: model => figure(model.tokensPerSecond), by: model => model.tokensPerSecond, isFigure: true },
  { title: 'Demand', cell: demandWords, by: model => model.demandPerMinute, isFigure: true },
]

interface RowsGiven {
  models: Model[]
  openName: string | undefined
  onOpen: (model: Model) => void
}

function Rows({ models, openName, onOpen }: RowsGiven) {
  return (
    <Table
      caption="Models of this mesh"
      rows={models}
      keyOf={model => model.name}
      onOpen={onOpen}
      {...(openName ? { openKey: openName } : {})}
      columns={[
        { title: 'Model', cell: model => <Name charsMax={40}>{model.name}</Name>, by: model => model.name },
        { title: 'State', cell: model => <State model={model} />, by: model => ORDER.indexOf(model.state) },
        { title: 'On', cell: model => <Hosts model={model} />, by: model => model.hosts?.length },
        { title: 'Size', cell: model => bytes(model.sizeBytes), by: model => model.sizeBytes, isFigure: true },
        { title: 'Context', cell: model => count(model.contextTokens), by: model => model.contextTokens, isFigure: true },
        { title: 'Slots', cell: slotWords, by: model => model.slots, isFigure: true },
        ...(openName === undefined ? FIGURES : []),
      ]}
    />
  )
}

function State({ model }: { model: Model }) {
  const words = model.state === 'ready' ? (model.split?.length ? 'split' : '') : reasonWords(model.reason)
  return (
    <span class="model-state">
      <Pill tone={modelTone(model.state)}>{clean(model.state, 20)}</Pill>
      {model.loading?.totalBytes !== undefined && model.loading.doneBytes !== undefined ? (
        <span class="model-progress">
          <Meter label={`Loading ${clean(model.name)}`} part={model.loading.doneBytes} whole={model.loading.totalBytes} />
          <span class="soft">
            {[model.loading.phase && clean(model.loading.phase, 20), percent(model.loading.doneBytes, model.loading.totalBytes)].filter(Boolean).join(', ')}
          </span>
        </span>
      ) : (
        words && <span class="soft">{words}</span>
      )}
    </span>
  )
}

function Hosts({ model }: { model: Model }) {
  const nodes = useWorld(world => world.node)
  const ids = model.split?.length ? model.split.map(share => share.node) : (model.hosts ?? [])
  if (ids.length === 0) return <span class="soft">no node</span>
  return (
    <>
      {ids.slice(0, 3).map((id, at) => (
        <span key={id}>
          {at > 0 && (model.split?.length ? ' + ' : ', ')}
          <Name charsMax={20}>{nodes[id]?.name ?? id.slice(0, 10)}</Name>
        </span>
      ))}
      {ids.length > 3 && <span class="soft"> and {ids.length - 3} more</span>}
    </>
  )
}

function slotWords(model: Model): string {
  if (model.slots === undefined) return 'unknown'
  return model.outstanding ? `${count(model.outstanding)} of ${count(model.slots)}` : count(model.slots)
}

function demandWords(model: Model): string {
  return model.demandPerMinute === undefined ? 'unknown' : `${figure(model.demandPerMinute)}/min`
}

function ModelDrawer({ model, onClose }: { model: Model; onClose: () => void }) {
  const selfId = useWorld(world => world.self?.id)
  const nodes = useWorld(world => world.node)
  const { isBusy, refused, act } = useActs()
  const [asks, setAsks] = useState(false)
  const [tried, setTried] = useState('')
  const isHere = isServedHere(model, selfId)
  const others = (model.hosts ?? []).filter(id => id !== selfId)
  const perform = async (word: string, what: () => Promise<unknown>) => {
    setTried(word)
    await act(what)
  }
  return (
    <Drawer title={<Name charsMax={60}>{model.name}</Name>} label={`Model ${clean(model.name)}`} onClose={onClose}>
      <div class="drawer-states">
        <Pill tone={modelTone(model.state)}>{clean(model.state, 20)}</Pill>
        {model.mode && <Pill tone="quiet">{clean(model.mode, 20)}</Pill>}
      </div>
      {(model.detail || (model.state !== 'ready' && model.reason)) && (
        <p>
          <bdi>{model.detail ? clean(model.detail, 400) : reasonWords(model.reason)}</bdi>
        </p>
      )}
      <div class="drawer-actions">
        {model.state === 'ready' && (
          <>
            <a class="button button-main" href={`${hrefOf('chat')}?model=${encodeURIComponent(model.name)}`}>
              Chat
            </a>
            <a class="button" href={`${hrefOf('connect')}?model=${encodeURIComponent(model.name)}`}>
              Connect
            </a>
          </>
        )}
        {!isHere && (
          <button type="button" class="button" disabled={isBusy} onClick={() => perform('not loaded', () => call('POST', 'models', { model: model.name }))}>
            Load here
          </button>
        )}
        {isHere && (
          <button type="button" class="button button-bad" disabled={isBusy} onClick={() => setAsks(true)}>
            {isBusy ? 'Dropping …' : 'Drop'}
          </button>
        )}
      </div>
      <RefusedNotice refused={refused} what={<>“{clean(model.name, 40)}” is {tried}</>} />
      {asks && (
        <Confirm
          title={<>Stop serving {clean(model.name, 60)} here?</>}
          act="Drop"
          isBad
          onNo={() => setAsks(false)}
          onYes={() => {
            setAsks(false)
            void perform('not dropped', () => call('DELETE', `models/${encodeURIComponent(model.name)}`))
          }}
        >
          <p class="soft">
            Answers that are being written end. The file stays on this machine.{' '}
            {others.length > 0 ? `${plural(others.length, 'other node goes', 'other nodes go')} on serving it.` : 'No other node serves it.'}
          </p>
        </Confirm>
      )}
      <Facts
        of={[
          ['On', <Hosts model={model} />],
          ['Size', bytes(model.sizeBytes)],
          ...(model.needBytes === undefined ? [] : [['Needs', bytes(model.needBytes)] as [string, string]]),
          ...(model.haveBytes === undefined ? [] : [['Could get', bytes(model.haveBytes)] as [string, string]]),
          ['Context', model.contextTokens === undefined ? 'unknown' : `${count(model.contextTokens)} tokens`],
          ['Slots', slotWords(model)],
          ['Speed', model.tokensPerSecond === undefined ? 'not measured yet' : `${figure(model.tokensPerSecond)} tokens/s`],
          ['Demand', demandWords(model)],
        ]}
      />
      {model.split && model.split.length > 0 && (
        <section aria-label="Shares">
          <h3>Shares</h3>
          <ul class="shares">
            {model.split.map(share => (
              <li key={share.node}>
                <span>
                  <Name charsMax={20}>{nodes[share.node]?.name ?? share.node.slice(0, 10)}</Name>
                </span>
                <Meter label={`Share of ${clean(nodes[share.node]?.name ?? share.node)}`} {...(share.bytes === undefined ? {} : { part: share.bytes })} {...(model.sizeBytes === undefined ? {} : { whole: model.sizeBytes })} />
                <span class="soft">{bytes(share.bytes)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Explain model={model} />
    </Drawer>
  )
}

/** What this node runs, loads, waits for or failed at: only of those it says what they need here. */
function isServedHere(model: Model, selfId: string | undefined): boolean {
  return (selfId !== undefined && !!model.hosts?.includes(selfId)) || model.mode !== undefined || model.state === 'failed'
}
