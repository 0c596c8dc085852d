// Says of stairs.py that it is slow. Copydesk must hand that on with an ask.

const { Diagnostic, DiagnosticSeverity, languages, Range, workspace } = require("vscode");

exports.activate = async (context) => {
  const findings = languages.createDiagnosticCollection("pylint");
  context.subscriptions.push(findings);
  for (const uri of await workspace.findFiles("stairs.py")) {
    const slow = new Diagnostic(new Range(6, 11, 6, 15), "slow for many steps", DiagnosticSeverity.Information);
    slow.source = "pylint";
    slow.code = "W0001";
    findings.set(uri, [slow]);
  }
};
