-- What the stories in a real Neovim share: the workspace, waiting, looking, and how one ends that went wrong.
--
-- Environment: COPYDESK_BIN the server, COPYDESK_STORY a private copy of editors/story; XDG_CONFIG_HOME and COPYDESK_HOME
-- reach the server as they are. tests/suites/neovim.rs sets them. Each step prints `ok WORDS`; a failed one says what it
-- saw and ends the process with 1. Nothing sleeps: every wait is for a condition.

local M = {}

local here = vim.fs.dirname(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p'))

--- The folder of the plugin.
M.plugin = vim.fs.dirname(here)
M.server = assert(vim.env.COPYDESK_BIN, 'COPYDESK_BIN is not set')
local story = assert(vim.env.COPYDESK_STORY, 'COPYDESK_STORY is not set')
--- How long a wait takes at most, in milliseconds.
M.PATIENCE = 20000

--- A folder of the story.
function M.folder(name) return vim.uv.fs_realpath(story .. '/' .. name) end

--- This Neovim as a person has it, with the plugin, for a workspace.
function M.begin(workspace)
  M.workspace = workspace
  vim.opt.runtimepath:prepend(M.plugin)
  vim.cmd('filetype on')
  vim.opt.swapfile = false
end

function M.say(text) io.stdout:write(text .. '\n') end

function M.step(what) M.say('ok ' .. what) end

--- Says what was seen, with the end of the log of the client, and ends the process.
function M.fail(what, saw)
  M.say('FAILED ' .. what)
  if saw then M.say('  saw: ' .. (type(saw) == 'string' and saw or vim.inspect(saw))) end
  for _, client in ipairs(vim.lsp.get_clients()) do
    client:stop(true)
  end
  local log = io.open(vim.lsp.log.get_filename())
  if log then M.say('  log of the client:\n' .. log:read('*a'):sub(-4000)) end
  os.exit(1)
end

--- Waits until `condition` gives something, and answers that.
function M.wait_for(what, condition, saw)
  local got
  vim.wait(M.PATIENCE, function()
    got = condition()
    return got
  end, 10)
  if not got then M.fail(what, saw and saw()) end
  return got
end

function M.text_of(bufnr) return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '\n') end

--- Opens a file of the workspace, and waits for the server.
function M.open(path)
  vim.cmd.edit(vim.fn.fnameescape(M.workspace .. '/' .. path))
  local bufnr = vim.api.nvim_get_current_buf()
  M.wait_for('a client for ' .. path, function()
    local client = require('copydesk').client(bufnr)
    return client and client.initialized
  end)
  return bufnr
end

--- The first diagnostic of ours with this code.
function M.finding(bufnr, code)
  for _, d in ipairs(vim.diagnostic.get(bufnr)) do
    if d.source == 'copydesk' and d.code == code then return d end
  end
end

--- What a failed wait for a diagnostic saw.
function M.findings(bufnr)
  return function() return vim.diagnostic.get(bufnr) end
end

--- Asks the server synchronously; answers the result.
function M.request(bufnr, method, params)
  local whole = vim.tbl_extend('keep', params, { textDocument = { uri = vim.uri_from_bufnr(bufnr) } })
  local answer = vim.lsp.buf_request_sync(bufnr, method, whole, M.PATIENCE) or {}
  local _, first = next(answer)
  if not first or first.err then M.fail(method, first) end
  return first.result
end

return M
