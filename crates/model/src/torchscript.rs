//! Writes the network as a TorchScript archive with real parameters.
//!
//! Tracing alone bakes the weights into the program as constants; such a module cannot be moved to another device or
//! converted to another type. So the network is traced with its weights as *inputs*, and the traced program is put into
//! an archive of our own in which those inputs are the module's parameters.

use crate::archive::{self, TorchArchive};
use crate::families::Network;
use crate::outputs::{NetworkOutputs, Saliency};
use crate::pickle::Pickle;
use crate::positions::PositionalForm;
use crate::{Error, Result, Weights};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use tch::{CModule, Kind, Tensor};

/// Batch size of the example that is traced. Not 1, which some operations treat specially.
const EXAMPLE_BATCH: i64 = 2;

/// Name of the method that gives logits, embedding and, where the family has it, the three tensors of [`Saliency`]; `forward`
/// gives logits. An encoder has no `forward`, and this gives all but the logits.
pub const OUTPUTS_METHOD: &str = "outputs";

/// Endings of the names of a method's forms: for any length, and for the length that was traced.
const ANY: &str = "any";
const FIXED: &str = "fixed";

/// Type of a tensor, as TorchScript spells it.
const TENSOR: &str = "Tensor";

/// Writes a module that maps signals (batch, rows, samples) to logits (batch, labels) for any batch size, and every length that
/// the network takes. Its method [`OUTPUTS_METHOD`] gives [`NetworkOutputs`] as a tuple in that order.
///
/// The same weights give the same bytes. `on_cuda` is how signals of the published length get their positional convolution on
/// CUDA, in a family that has one.
///
/// # Errors
/// When libtorch refuses an operation or the file cannot be written.
pub fn write_module(
    path: &Path,
    network: &dyn Network,
    weights: Weights,
    on_cuda: PositionalForm,
) -> Result<()> {
    let weights = &network.prepare_weights(weights)?;
    let input = network.input();
    let example = Tensor::f_zeros(
        [EXAMPLE_BATCH, input.rows, input.samples],
        (Kind::Float, tch::Device::Cpu),
    )
    .map_err(Error::torch("make an example signal"))?;
    let tracer = MethodTracer {
        path,
        network,
        weights,
        example,
        on_cuda,
    };
    let mut methods = Vec::new();
    if network.labels() > 0 {
        methods.extend(tracer.trace_method("forward")?);
    }
    methods.extend(tracer.trace_method(OUTPUTS_METHOD)?);
    let names = attribute_names(path, weights)?;
    let mut archive = TorchArchive::create(path, "model")?;
    let class = network.class_name();
    archive.entry("data.pkl", &module_state(class, &names, weights)?)?;
    archive.entry(
        "code/__torch__.py",
        class_source(class, &names, &methods).as_bytes(),
    )?;
    archive.entry("constants.pkl", b"\x80\x02).")?;
    archive.entry("byteorder", b"little")?;
    archive.entry("version", b"3\n")?;
    archive.tensors(weights)?;
    archive.finish()
}

/// Names of the weights as the module's attributes, which have no dots.
fn attribute_names(path: &Path, weights: &Weights) -> Result<Vec<String>> {
    let names: Vec<String> = weights.iter().map(|(name, _)| name.replace('.', "_")).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    if distinct.len() == names.len() {
        return Ok(names);
    }
    Err(Error::Export {
        path: path.to_owned(),
        message: "two weights have the same name but for dots".to_owned(),
    })
}

/// Network that is being traced, method by method.
struct MethodTracer<'a> {
    path: &'a Path,
    network: &'a dyn Network,
    weights: &'a Weights,
    example: Tensor,
    on_cuda: PositionalForm,
}

impl MethodTracer<'_> {
    /// A method; in a family with two forms, both and the method that chooses between them.
    fn trace_method(&self, name: &str) -> Result<Vec<ScriptMethod>> {
        if !self.network.has_spectral_form() {
            return Ok(vec![self.trace_form(
                name,
                name.to_owned(),
                PositionalForm::Convolution,
            )?]);
        }
        let form = |suffix: &str, positions| self.trace_form(name, format!("{name}_{suffix}"), positions);
        let samples = self.network.input().samples;
        Ok(vec![
            form(ANY, PositionalForm::Convolution)?,
            form(FIXED, PositionalForm::Spectrum)?,
            ScriptMethod {
                name: name.to_owned(),
                returns: self.return_type(name),
                body: choose_form(name, samples, form_on_cuda(self.on_cuda)),
                binds: false,
            },
        ])
    }

    /// The traced method `name`, written as `called`.
    fn trace_form(&self, name: &str, called: String, positions: PositionalForm) -> Result<ScriptMethod> {
        let forward = name == "forward";
        let code = self.trace_statements(|weights, signals| {
            if forward {
                return self.network.compute_logits(weights, signals, positions);
            }
            let outputs = self.network.run(weights, signals, positions, &mut |_, _| {});
            join_outputs(outputs?)
        })?;
        let body = match forward {
            true => code,
            false => {
                let head = self.network.labels() > 0;
                split_outputs(&code, head, self.network.saliency_heads())
                    .ok_or_else(|| unexpected_code(self.path, &code))?
            }
        };
        Ok(ScriptMethod {
            name: called,
            returns: self.return_type(name),
            body,
            binds: true,
        })
    }

    /// Type of a method's answer, as TorchScript spells it.
    fn return_type(&self, name: &str) -> String {
        if name == "forward" {
            return TENSOR.to_owned();
        }
        let logits = usize::from(self.network.labels() > 0);
        let saliency = self.network.saliency_heads().map_or(0, |_| 3);
        let all = vec![TENSOR; logits + 1 + saliency];
        format!("Tuple[{}]", all.join(", "))
    }

    /// The traced program's statements, whose inputs are `argument_1` (the signals), `argument_2`, … (the weights).
    fn trace_statements(
        &self,
        run: impl Fn(&Weights, &Tensor) -> Result<Tensor, tch::TchError>,
    ) -> Result<String> {
        let mut inputs = vec![self.example.shallow_clone()];
        inputs.extend(self.weights.iter().map(|(_, tensor)| tensor.detach()));
        let mut failure = None;
        let class = self.network.class_name();
        let traced = CModule::create_by_tracing(class, "forward", &inputs, &mut |inputs: &[Tensor]| {
            // A panic here would leave libtorch tracing, so an error is carried out instead.
            let [signals, tensors @ ..] = inputs else {
                return Vec::new();
            };
            match run(&self.weights.renamed(tensors), signals) {
                Ok(answer) => vec![answer],
                Err(error) => {
                    failure = Some(error);
                    vec![signals.shallow_clone()]
                }
            }
        });
        if let Some(source) = failure {
            return Err(Error::Torch {
                action: "run the network",
                source,
            });
        }
        let module = traced.map_err(Error::torch("trace the network"))?;
        // libtorch gives a trace's code only by way of a file.
        let temporary = self.path.with_extension("trace.partial");
        let saved = module
            .save(&temporary)
            .map_err(Error::torch("save the traced network"));
        let code = saved.and_then(|()| read_code(&temporary));
        let removed = std::fs::remove_file(&temporary);
        let code = code?;
        removed.map_err(Error::io("remove", &temporary))?;
        traced_statements(&code).ok_or_else(|| unexpected_code(self.path, &code))
    }
}

/// Method of the class.
struct ScriptMethod {
    name: String,
    /// Type of the answer, as TorchScript spells it.
    returns: String,
    /// Statements after the signature.
    body: String,
    /// True where the statements use the parameters.
    binds: bool,
}

/// Ending of the name of the form that runs on CUDA.
fn form_on_cuda(on_cuda: PositionalForm) -> &'static str {
    match on_cuda {
        PositionalForm::Spectrum => FIXED,
        PositionalForm::Convolution => ANY,
    }
}

/// The method that gives on CUDA what [`OUTPUTS_METHOD`] gives, for the length that was traced; it runs on a CPU too.
pub(crate) fn outputs_on_cuda(network: &dyn Network, on_cuda: PositionalForm) -> String {
    match network.has_spectral_form() {
        true => format!("{OUTPUTS_METHOD}_{}", form_on_cuda(on_cuda)),
        false => OUTPUTS_METHOD.to_owned(),
    }
}

/// Statements that choose between a method's forms: where signals have the length that was traced, the one that is fastest on their device;
/// the one for any length otherwise, and for float64, which the spectrum does not have.
fn choose_form(name: &str, samples: i64, cuda: &str) -> String {
    format!(
        "    long = torch.eq(torch.size(argument_1, 2), {samples})\n    float64 = torch.eq(ops.prim.dtype(argument_1), 7)\n    \
         fixed = torch.__and__(long, torch.__not__(float64))\n    cpu = torch.__and__(fixed, ops.prim.is_cpu(argument_1))\n    \
         if cpu:\n      answer = (self).{name}_{FIXED}(argument_1, )\n    else:\n      \
         if fixed:\n        answer0 = (self).{name}_{cuda}(argument_1, )\n      \
         else:\n        answer0 = (self).{name}_{ANY}(argument_1, )\n      answer = answer0\n    return answer\n"
    )
}

/// Outputs in one tensor, since a trace can give back no more.
fn join_outputs(outputs: NetworkOutputs) -> Result<Tensor, tch::TchError> {
    let mut parts: Vec<Tensor> = outputs.logits.into_iter().chain([outputs.embedding]).collect();
    if let Some(Saliency {
        per_query,
        per_query_of_heads,
        per_key_of_heads,
    }) = outputs.saliency
    {
        let of_heads = [per_query_of_heads, per_key_of_heads].map(|tensor| tensor.f_flatten(1, 2));
        let [of_queries, of_keys] = of_heads;
        parts.extend([per_query, of_queries?, of_keys?]);
    }
    Tensor::f_cat(&parts, 1)
}

fn unexpected_code(path: &Path, code: &str) -> Error {
    Error::Export {
        path: path.to_owned(),
        message: format!("unexpected traced code:\n{code}"),
    }
}

fn read_code(path: &Path) -> Result<String> {
    let io = Error::io("read", path);
    let read = || -> std::io::Result<String> {
        let mut archive = zip::ZipArchive::new(std::fs::File::open(path)?)?;
        let name = archive
            .file_names()
            .find(|name| name.ends_with("code/__torch__.py"))
            .map(str::to_owned);
        let mut code = String::new();
        archive
            .by_name(&name.unwrap_or_default())?
            .read_to_string(&mut code)?;
        Ok(code)
    };
    read().map_err(io)
}

/// Statements after the signature; `None` where the trace holds tensors of its own, which would not move with the module, or a
/// convolution of an unexpected form.
fn traced_statements(code: &str) -> Option<String> {
    let (_, body) = code.split_once("-> Tensor:\n")?;
    if code.contains("CONSTANTS.") {
        return None;
    }
    body.lines()
        .map(|line| plain_convolution(line).map(|line| line + "\n"))
        .collect()
}

/// A trace can give back one tensor only, so logits (where there is a head), embedding and saliency (of `heads` heads, where
/// there is any) are traced joined; here the join is taken off again and they are given back as they are, the last two of
/// saliency as (batch, heads, tokens).
fn split_outputs(statements: &str, head: bool, heads: Option<i64>) -> Option<String> {
    let (before, last) = statements.trim_end().rsplit_once('\n')?;
    let (before, join) = resolve_name(before, last.trim().strip_prefix("return ")?)?;
    let list = join.strip_prefix("torch.cat(")?.strip_suffix(", 1)")?;
    let (before, list) = resolve_name(before, list)?;
    let parts = list_elements(list.strip_prefix('[')?.strip_suffix(']')?);
    let plain = usize::from(head) + 1 + heads.map_or(0, |_| 1);
    let (plain, of_heads) = parts.split_at_checked(plain)?;
    if of_heads.len() != heads.map_or(0, |_| 2) {
        return None;
    }
    let heads = heads.unwrap_or_default();
    let of_heads = of_heads
        .iter()
        .map(|part| format!("torch.unflatten({part}, 1, [{heads}, -1])"));
    let plain = plain.iter().map(|&part| part.to_owned());
    let answers: Vec<String> = plain.chain(of_heads).collect();
    // A tuple of one needs its comma.
    let comma = if answers.len() == 1 { "," } else { "" };
    Some(format!("{before}\n    return ({}{comma})\n", answers.join(", ")))
}

/// An expression, and the statements before it; where it is a name only, what the last of the statements gave that name.
fn resolve_name<'a>(statements: &'a str, expression: &'a str) -> Option<(&'a str, &'a str)> {
    if !expression.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Some((statements, expression));
    }
    let (before, named) = statements.rsplit_once('\n')?;
    Some((
        before,
        named.trim().strip_prefix(expression)?.strip_prefix(" = ")?,
    ))
}

/// The elements of a list, each a name or a call.
fn list_elements(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0i32, 0);
    for (at, c) in list.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts
}

/// Tracing records a convolution with the backend's switches of the moment, among them whether TF32 is allowed; a plain
/// `conv1d` asks for them when it runs. The switches are the last four arguments, after `transposed`, `output_padding` and
/// the groups.
fn plain_convolution(line: &str) -> Option<String> {
    let Some((before, call)) = line.split_once("torch._convolution(") else {
        return Some(line.to_owned());
    };
    let (arguments, rest) = call.split_once(", False, [0], ")?;
    let (groups, switches) = rest.split_once(", ")?;
    let known = switches
        .strip_suffix(')')?
        .split(", ")
        .all(|switch| matches!(switch, "True" | "False"));
    known.then(|| format!("{before}torch.conv1d({arguments}, {groups})"))
}

/// The class's source: its parameters, and methods that bind them to the names the trace uses.
fn class_source(class: &str, names: &[String], methods: &[ScriptMethod]) -> String {
    let quoted: String = names.iter().map(|name| format!("\"{name}\", ")).collect();
    let mut source = format!("class {class}(Module):\n  __parameters__ = [{quoted}]\n  __buffers__ = []\n");
    for name in names {
        source += &format!("  {name} : Tensor\n");
    }
    source += "  training : bool\n";
    for method in methods {
        let (name, returns) = (&method.name, &method.returns);
        source += &format!("  def {name}(self: __torch__.{class},\n    argument_1: Tensor) -> {returns}:\n");
        for (at, name) in names.iter().enumerate().filter(|_| method.binds) {
            source += &format!("    argument_{} = self.{name}\n", at + 2);
        }
        source += &method.body;
    }
    source
}

/// The module's state.
fn module_state(class: &str, names: &[String], weights: &Weights) -> Result<Vec<u8>> {
    let mut pickle = Pickle::new();
    pickle.global("__torch__", class).op(b")\x81}(");
    for (key, (name, (_, tensor))) in names.iter().zip(weights.iter()).enumerate() {
        pickle
            .text(name)
            .tensor(&archive::describe_tensor(key, tensor, &tensor.size())?);
    }
    pickle.text("training").bool(false).op(b"ub");
    Ok(pickle.finish())
}

#[cfg(test)]
mod tests;
