-- Copydesk in Neovim: starts the server and shows what it sends. Nothing is decided here.
--
-- Three small parts. This file starts `copydesk lsp` for every file and echoes its progress. `copydesk.ask` fills in what
-- only an editor knows: the prompt and what other servers say about the buffer. `copydesk.command` is `:Copydesk`.
--
-- Runs on Neovim 0.10 and later; `:help copydesk` is the manual.

local M = {}

M.name = 'copydesk'

--- Options of setup(), with what they are unless set.
local defaults = {
  --- The program and its arguments.
  cmd = { 'copydesk', 'lsp' },
  --- Whether progress is echoed on the command line.
  progress = true,
  --- Whether suggestions show as grey text, where this Neovim can do that and the server has a model for it.
  suggestions = true,
  --- Files or folders that mark a workspace's root; without one it is the current directory.
  root_markers = { '.copydesk', '.keystone', '.git' },
}

--- Runs that the server has begun and not ended, run id → title. Known from its events; for `:Copydesk cancel`.
M.running = {}

--- Whether a buffer holds a file; one without a name has nothing to ask about yet.
local function holds_file(bufnr) return vim.bo[bufnr].buftype == '' and vim.api.nvim_buf_get_name(bufnr) ~= '' end

local function root_of(bufnr, markers) return vim.fs.root(bufnr, markers) or vim.fn.getcwd() end

--- What came of a run, where nothing else shows it: an error, or an answer too short for the server to open as a file.
local function say_outcome(event)
  if type(event.error) == 'string' then
    vim.notify('Copydesk: ' .. event.error, vim.log.levels.ERROR)
  elseif type(event.text) == 'string' and event.text ~= '' then
    local _, breaks = vim.trim(event.text):gsub('\n', '')
    if #event.text <= 240 and breaks < 3 then vim.notify('Copydesk: ' .. vim.trim(event.text)) end
  end
end

local function on_event(_, params)
  local event = params.event or {}
  if event.type == 'run_started' then
    M.running[params.runId] = event.title or 'ask'
  elseif event.type == 'run_finished' then
    M.running[params.runId] = nil
    say_outcome(event)
  end
end

--- What other servers know, for an agent that asks.
local function on_facts(_, params, context)
  local ours = vim.lsp.get_client_by_id(context.client_id)
  if not ours then return { files = {} } end
  return require('copydesk.facts').answer(params, ours)
end

local function client_config(options)
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.experimental = { copydesk = true }
  return {
    name = M.name,
    cmd = options.cmd,
    capabilities = capabilities,
    handlers = { ['copydesk/event'] = on_event, ['copydesk/facts'] = on_facts },
    on_exit = function() M.running = {} end,
  }
end

local function echo_progress(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  local value = event.data.params and event.data.params.value
  if not client or client.name ~= M.name or type(value) ~= 'table' then return end
  -- The title, which says whose progress it is, stands in the first one; after that there is only room for the news.
  local words = value.kind == 'begin' and { value.title } or { 'Copydesk' }
  table.insert(words, value.message ~= '' and value.message or nil)
  -- One line, cut to what fits: a longer echo would stop the person with "Press ENTER".
  local line = table.concat(words, ': '):gsub('%s+', ' ')
  vim.api.nvim_echo({ { vim.fn.strcharpart(line, 0, math.max(vim.o.columns - 12, 20)) } }, false, {})
  vim.cmd.redraw()
end

local function show_suggestions(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if client and client.name == M.name and client:supports_method('textDocument/inlineCompletion', event.buf) then
    vim.lsp.inline_completion.enable(true, { bufnr = event.buf })
  end
end

--- The client that serves a buffer, or nil.
function M.client(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr or 0, name = M.name })[1]
end

--- Starts or joins the server for one buffer that holds a file.
function M.attach(bufnr)
  bufnr = bufnr or vim.api.nvim_get_current_buf()
  if not M.options then error('copydesk: call setup() first') end
  if not holds_file(bufnr) then return end
  local config = client_config(M.options)
  config.root_dir = root_of(bufnr, M.options.root_markers)
  return vim.lsp.start(config, { bufnr = bufnr })
end

--- Starts the server for all files, now and later, and makes `:Copydesk`.
function M.setup(options)
  M.options = vim.tbl_deep_extend('force', defaults, options or {})
  -- A list is replaced whole; merged index by index it would keep words of the old one.
  if options and options.cmd then M.options.cmd = options.cmd end
  local group = vim.api.nvim_create_augroup('copydesk', { clear = true })
  local events = { 'BufReadPost', 'BufNewFile' }
  if vim.fn.has('nvim-0.11') == 1 then
    local config = client_config(M.options)
    config.root_dir = function(bufnr, on_dir)
      if holds_file(bufnr) then on_dir(root_of(bufnr, M.options.root_markers)) end
    end
    vim.lsp.config(M.name, config)
    vim.lsp.enable(M.name)
  else
    table.insert(events, 'FileType')
  end
  -- vim.lsp.enable waits for a file type; a file that has none can be asked about as well.
  vim.api.nvim_create_autocmd(events, {
    group = group,
    callback = function(event)
      vim.schedule(function()
        if vim.api.nvim_buf_is_loaded(event.buf) and not M.client(event.buf) then M.attach(event.buf) end
      end)
    end,
  })
  if M.options.progress then
    vim.api.nvim_create_autocmd('LspProgress', { group = group, callback = echo_progress })
  end
  if M.options.suggestions and vim.lsp.inline_completion then
    vim.api.nvim_create_autocmd('LspAttach', { group = group, callback = show_suggestions })
  end
  require('copydesk.ask').register()
  require('copydesk.command').register()
  require('copydesk.references').register()
end

return M
