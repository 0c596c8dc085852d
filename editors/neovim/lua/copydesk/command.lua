-- `:Copydesk WORD …`: the server's commands from the command line.
--
-- ask, explain, fix, document, test, review take a range; the rest act on runs.

local M = {}

local function argument(client, bufnr, call)
  local lines = { count = call.range, first = call.line1, last = call.line2 }
  return { uri = vim.uri_from_bufnr(bufnr), range = require('copydesk.ask').range(bufnr, client.offset_encoding, lines) }
end

local function ask(client, bufnr, call, rest)
  local params = argument(client, bufnr, call)
  if rest ~= '' then params.prompt = rest end
  require('copydesk.ask').ask(client, params, bufnr)
end

local function action(name)
  return function(client, bufnr, call, rest)
    local params = argument(client, bufnr, call)
    params.action = name
    if rest ~= '' then params.prompt = rest end
    require('copydesk.ask').ask(client, params, bufnr)
  end
end

local function say_refused(_, result)
  for _, refused in ipairs(result and result.refused or {}) do
    vim.notify('Copydesk: left alone: ' .. refused.reason, vim.log.levels.WARN)
  end
end

local function of_run(command)
  return function(client, bufnr, _, rest)
    local params = rest ~= '' and { runId = rest } or vim.empty_dict()
    require('copydesk.ask').send(client, command, params, bufnr, say_refused)
  end
end

local function cancel(client, bufnr, _, rest)
  local send = function(run) require('copydesk.ask').send(client, 'copydesk.cancel', { runId = run }, bufnr) end
  if rest ~= '' then return send(rest) end
  local running = require('copydesk').running
  local runs = vim.tbl_keys(running)
  if #runs == 0 then return vim.notify('Copydesk: nothing is running') end
  if #runs == 1 then return send(runs[1]) end
  table.sort(runs)
  vim.ui.select(runs, {
    prompt = 'Cancel which run?',
    format_item = function(run) return running[run] end,
  }, function(run)
    if run then send(run) end
  end)
end

--- Says something to a run under way: it hears it with its next request.
local function tell(client, bufnr, _, rest)
  if rest == '' then return vim.notify('Copydesk: say what: :Copydesk tell WORDS') end
  local runs = vim.tbl_keys(require('copydesk').running)
  if #runs == 0 then return vim.notify('Copydesk: nothing is running') end
  for _, run in ipairs(runs) do
    local params = { runId = run, text = rest }
    require('copydesk.ask').send(client, 'copydesk.steer', params, bufnr, function(_, said)
      if said and not said.heard then vim.notify('Copydesk: it came too late; the run has ended') end
    end)
  end
end

--- Goes back to before a turn, the last one where none is named, and says how far.
local function rewind(client, bufnr, _, rest)
  local params = rest ~= '' and { checkpointId = rest } or vim.empty_dict()
  require('copydesk.ask').send(client, 'copydesk.rewind', params, bufnr, function(_, gone)
    if not gone then return end
    local turns = #gone.turns == 1 and 'the last turn' or #gone.turns .. ' turns'
    vim.notify('Copydesk: back to before ' .. turns)
  end)
end

--- Asks the last ask once more, another model where one is named.
local function retry(client, bufnr, _, rest)
  local params = rest ~= '' and { model = rest } or vim.empty_dict()
  require('copydesk.ask').send(client, 'copydesk.retry', params, bufnr)
end

--- Chooses something for this session of the editor.
local function chosen(key)
  return function(client, bufnr, _, rest)
    -- Without a name, back to what the settings say.
    local params = rest ~= '' and { [key] = rest } or vim.empty_dict()
    require('copydesk.ask').send(client, 'copydesk.' .. key .. '.set', params, bufnr, function(err)
      if not err then vim.notify('Copydesk: the ' .. key .. ' is ' .. (rest ~= '' and rest or 'that of the settings')) end
    end)
  end
end

--- Goes to what waits for the person and opens its choices. The diagnostics say where, in every window alike.
local function approve()
  local waiting = vim.tbl_filter(
    function(d) return d.source == 'copydesk' and d.code == 'pending-approval' end,
    vim.diagnostic.get(nil)
  )
  if #waiting == 0 then return vim.notify('Copydesk: nothing waits for you') end
  local function open(d)
    if not d then return end
    vim.cmd.normal({ "m'", bang = true })
    if d.bufnr ~= vim.api.nvim_get_current_buf() then vim.cmd.buffer(d.bufnr) end
    vim.api.nvim_win_set_cursor(0, { d.lnum + 1, d.col })
    vim.lsp.buf.code_action({
      filter = function(found)
        local command = type(found.command) == 'table' and found.command or found
        return command.command == 'copydesk.approve'
      end,
    })
  end
  if #waiting == 1 then return open(waiting[1]) end
  vim.ui.select(waiting, {
    prompt = 'What waits for you',
    format_item = function(d) return d.message end,
  }, open)
end

--- The conversations of the workspace: one is chosen, then what becomes of it. The server asks before it deletes.
local function sessions(client, bufnr)
  local send = require('copydesk.ask').send
  local does = {
    { word = 'Show', run = function(one) send(client, 'copydesk.sessions.show', { session = one.session }, bufnr) end },
    {
      word = 'Name…',
      run = function(one)
        vim.ui.input({ prompt = 'Name: ', default = type(one.name) == 'string' and one.name or '' }, function(name)
          if not name then return end
          send(client, 'copydesk.sessions.name', { session = one.session, name = name }, bufnr, function(_, named)
            if named then vim.notify('Copydesk: ' .. (named.name ~= '' and 'named ' .. named.name or 'the name is gone')) end
          end)
        end)
      end,
    },
    {
      word = 'Copy',
      run = function(one)
        send(client, 'copydesk.sessions.fork', { session = one.session }, bufnr, function(_, copy)
          if copy then vim.notify('Copydesk: the copy is ' .. copy.session) end
        end)
      end,
    },
    { word = 'Delete…', run = function(one) send(client, 'copydesk.sessions.delete', { session = one.session }, bufnr) end },
  }
  send(client, 'copydesk.sessions.list', vim.empty_dict(), bufnr, function(_, listed)
    if not listed then return end
    if #listed.sessions == 0 then return vim.notify('Copydesk: nothing was asked here yet') end
    vim.ui.select(listed.sessions, {
      prompt = 'Conversations',
      format_item = function(one)
        return (type(one.name) == 'string' and one.name or one.title) .. ' (' .. one.turns .. ')'
      end,
    }, function(one)
      if not one then return end
      vim.ui.select(does, {
        prompt = one.title,
        format_item = function(act) return act.word end,
      }, function(act)
        if act then act.run(one) end
      end)
    end)
  end)
end

local function trust(client, bufnr)
  require('copydesk.ask').send(client, 'copydesk.trust', vim.empty_dict(), bufnr, function(_, result)
    if result and result.trusted then vim.notify('Copydesk: ' .. result.trusted) end
  end)
end

M.words = {
  ask = ask,
  explain = action('explain'),
  fix = action('fix'),
  document = action('document'),
  test = action('test'),
  review = action('review'),
  action = function(client, bufnr, call, rest)
    local name, prompt = rest:match('^(%S+)%s*(.*)$')
    if not name then return vim.notify('Copydesk: name the action: :Copydesk action NAME') end
    action(name)(client, bufnr, call, prompt)
  end,
  approve = approve,
  cancel = cancel,
  tell = tell,
  rewind = rewind,
  retry = retry,
  mode = chosen('mode'),
  model = chosen('model'),
  sessions = sessions,
  context = function(client, bufnr)
    require('copydesk.ask').send(client, 'copydesk.context.show', vim.empty_dict(), bufnr)
  end,
  undo = of_run('copydesk.undo'),
  redo = of_run('copydesk.redo'),
  trust = trust,
}

local function run(call)
  local word, rest = call.args:match('^(%S+)%s*(.*)$')
  local does = M.words[word]
  if not does then
    return vim.notify('Copydesk: no such command: ' .. tostring(word) .. '; see :help copydesk', vim.log.levels.ERROR)
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local client = require('copydesk').client(bufnr) or vim.lsp.get_clients({ name = 'copydesk' })[1]
  if not client then
    return vim.notify('Copydesk: the server is not running here; see :checkhealth vim.lsp', vim.log.levels.ERROR)
  end
  does(client, bufnr, call, rest)
end

function M.register()
  vim.api.nvim_create_user_command('Copydesk', run, {
    nargs = '+',
    range = true,
    desc = 'Ask Copydesk, answer it, take its edits back',
    complete = function(typed, line)
      if line:match('Copydesk%s+%S+%s') then return {} end
      local words = vim.tbl_filter(function(word) return vim.startswith(word, typed) end, vim.tbl_keys(M.words))
      table.sort(words)
      return words
    end,
  })
end

return M
