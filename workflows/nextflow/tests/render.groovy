// Writes the `script:` and `stub:` blocks of a process, as bash, for the cases below: what Nextflow would hand to bash.
// usage: groovy render.groovy MAIN_NF TESTDATA OUT
import java.nio.file.Path
import java.nio.file.Paths

def (mainNf, testdata, out) = [new File(args[0]), args[1], new File(args[2])]
def source = mainNf.text

def process = source.substring(source.indexOf('process '), source.lastIndexOf('}'))
/** The lines from `name:` to the next of `upTo`, or to the end of the process. */
def section = { String name, String upTo ->
    def start = process.indexOf("\n    ${name}:\n") + "\n    ${name}:\n".length()
    def end = upTo ? process.indexOf("\n    ${upTo}:\n") : process.length()
    process.substring(start, end)
}
def blocks = [script: section('script', 'stub'), stub: section('stub', null)]
// Nextflow lets an expression in a string go on over lines; Groovy does not.
def container = (process =~ /(?s)\n    container ("\$\{.*?\}")\n/)[0][1]
def oneLine = container.readLines()*.trim().join(' ')
new GroovyShell().parse(source.replace(container, oneLine).replace(blocks.stub, '    null\n')) // a syntax error stops here; the blocks share names, so not both at once
def required = section('output', 'when').readLines().findAll { !it.contains('optional: true') }.join('\n')
def globs = required.findAll(/path\("[^"]+"\)/).collect { it.replaceAll(/^path\("|"\)$/, '') }
def version = (section('output', 'when') =~ /eval\("([^"]+)"\)/)[0][1]

new File(out, 'containers').text = ['docker', 'singularity'].collect { engine ->
    def values = [workflow: [containerEngine: engine], task: [ext: [:]]]
    new GroovyShell(new Binding(values)).evaluate(oneLine) + '\n'
}.join()

// Nextflow gives one staged file as a Path, several as a List of them, and an empty path input as an empty list.
def file = { name -> Paths.get(name) }
def (r1, r2, bam, sorted) = ['community_R1.fq.gz', 'community_R2.fq.gz', 'community.bam', 'bwa.sorted.bam'].collect(file)
def cram = ['mapped_sorted.3.1.cram', 'reference.fa'].collect(file)
def cases = [
    single: [reads: r1],
    paired: [reads: [r1, r2], undecided: true],
    bam   : [reads: bam, proteins: true, genes: true, undecided: true],
    args  : [reads: bam, ext: [args: '--threshold 0.9 --mates both', prefix: 'other']],
    device: [reads: r1, ext: [args: '--device cpu']],
    each  : [reads: bam, ext: [args: '--mates each']],
    sorted: [reads: sorted, folder: 'aligners'],
    cram  : [reads: cram[0], fasta: cram[1], folder: 'odd'],
    model : [reads: r1, model: file('model')],
    gpu   : [reads: r1, accelerator: [request: 1]],
    hash  : [reads: [r1, r2], undecided: true, ext: [prefix: '24328_1#10']],
    hash1 : [reads: bam, ext: [prefix: '24328_1#10']],
    clash : [reads: file('clash.coding.fastq.gz')],
]
cases.each { name, given ->
    def folder = new File(out, name)
    folder.mkdirs()
    def task = [cpus: 2, accelerator: given.accelerator, ext: given.ext ?: [:], process: 'READSEEKER_SPLIT']
    def values = [
        task: task, meta: [id: name, single_end: !(given.reads instanceof List)], reads: given.reads,
        meta2: [:], fasta: given.fasta ?: [], fai: given.fasta ? file("${given.fasta}.fai") : [],
        model: given.model ?: [], undecided: given.undecided ?: false, proteins: given.proteins ?: false,
        genes: given.genes ?: false,
        error: { String message -> throw new IllegalStateException(message) },
    ]
    blocks.each { block, text ->
        try {
            def rendered = new GroovyShell(new Binding(values)).evaluate(text).toString().stripIndent()
            new File(folder, "${block}.sh").text = rendered
        } catch (IllegalStateException refusal) {
            new File(folder, "${block}.error").text = refusal.message
        }
    }
    new File(folder, 'version.sh').text = version + '\n'
    new File(folder, 'inputs').text = [given.reads, given.fasta ?: []].flatten().collect { "${testdata}/${given.folder ?: '.'}/${it}\n" }.join()
    new File(folder, 'globs').text = globs.join('\n') + '\n'
}
