// A sale to a member known by number, as a till makes it: quote, write the key down, commit, and ask again until there is an answer.
// .NET Framework 4.7, .NET 8 or Mono, and nothing else:
//   mcs -r:System.Net.Http -r:System.Runtime.Serialization Sale.cs && LOYALTILL_TOKEN_FILE=.../api.token mono Sale.exe 6034000000000018
#pragma warning disable CS0649 // fields that the serializer fills
using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Threading.Tasks;

[DataContract] class Line
{
    [DataMember] public string sku, name, category;
    [DataMember] public long quantity, amount, tax;
}

[DataContract] class Tender
{
    [DataMember] public string kind;
    [DataMember] public long amount;
}

[DataContract] class Bill
{
    [DataMember] public string number, cashier;
    [DataMember] public Line[] lines;
    [DataMember(EmitDefaultValue = false)] public string quote;
    [DataMember(EmitDefaultValue = false)] public Tender[] tenders;
}

// Pending is a sale that has no answer yet. It lies on the till's disk, where a restart finds it.
[DataContract] class Pending
{
    [DataMember] public string key;
    [DataMember] public Bill body;
}

[DataContract] class Quote
{
    [DataMember] public string quote;
    [DataMember] public long to_pay, earned;
}

[DataContract] class Sold
{
    [DataMember] public long seq, to_pay, earned, balance;
    [DataMember] public bool replayed;
}

// Problem is a refusal: decide by code, show message to the cashier.
[DataContract] class Problem
{
    [DataMember] public string code, message;
    [DataMember] public bool retryable;
}

class Refused : Exception
{
    public readonly Problem Problem;
    public Refused(Problem p) : base(p.code + ": " + p.message) { Problem = p; }
}

class Sale
{
    const int Tries = 5;
    static readonly string Url = Environment.GetEnvironmentVariable("LOYALTILL_URL") ?? "http://127.0.0.1:8787";
    static readonly string Kept = Environment.GetEnvironmentVariable("LOYALTILL_PENDING") ?? "sale.pending";
    static readonly HttpClient Client = new HttpClient { Timeout = TimeSpan.FromSeconds(50) };

    static async Task<T> Call<T>(string path, object body, string key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Url + path);
        request.Content = new ByteArrayContent(Json(body));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.AcceptLanguage.ParseAdd("en");
        if (key != null) request.Headers.Add("Idempotency-Key", key);
        using (var answer = await Client.SendAsync(request))
        {
            var text = await answer.Content.ReadAsByteArrayAsync();
            if (!answer.IsSuccessStatusCode) throw new Refused(Read<Problem>(text));
            return Read<T>(text);
        }
    }

    // The same key and body until there is an answer: whether the first try went through does not matter.
    static async Task<Sold> Commit(Pending sale)
    {
        for (var n = 1; ; n++)
        {
            try { return await Call<Sold>("/v1/lanes/1/sales", sale.body, sale.key); }
            catch (Refused r) when (r.Problem.retryable && n < Tries) { }
            catch (Exception e) when (!(e is Refused) && n < Tries) { } // no answer, or half of one
            await Task.Delay(n * 1000);
        }
    }

    // Begin quotes a bill and writes down what is going to be committed.
    static async Task<Pending> Begin(string number)
    {
        var bill = new Bill
        {
            number = number, cashier = "anna",
            lines = new[] { new Line { sku = "4750001", name = "Milk 1 l", category = "food/dairy", quantity = 2000, amount = 858, tax = 1200 } },
        };
        var quote = await Call<Quote>("/v1/lanes/1/quote", bill);
        Console.WriteLine("quote: {0} to pay, earns {1}", Money(quote.to_pay), quote.earned);
        bill.quote = quote.quote;
        bill.tenders = new[] { new Tender { kind = "cash", amount = quote.to_pay } };
        var sale = new Pending { key = Guid.NewGuid().ToString(), body = bill };
        using (var f = new FileStream(Kept, FileMode.Create))
        {
            var raw = Json(sale);
            f.Write(raw, 0, raw.Length);
            f.Flush(true);
        }
        return sale;
    }

    static async Task Run(string number)
    {
        try
        {
            var sale = File.Exists(Kept) ? Read<Pending>(File.ReadAllBytes(Kept)) : await Begin(number);
            var sold = await Commit(sale);
            Console.WriteLine("sale: {0} paid, earned {1}, balance {2}", Money(sold.to_pay), sold.earned, sold.balance);
            var again = await Commit(sale);
            Console.WriteLine(again.replayed && again.seq == sold.seq ? "again: the first answer" : "again: another sale");
            File.Delete(Kept);
        }
        catch (Refused r)
        {
            Console.WriteLine("refused: {0}", r.Message);
            if (!r.Problem.retryable) File.Delete(Kept); // nothing was sold
        }
    }

    static string Money(long cents) { return cents / 100 + "." + (cents % 100).ToString("00"); }

    static byte[] Json(object o)
    {
        using (var m = new MemoryStream())
        {
            new DataContractJsonSerializer(o.GetType()).WriteObject(m, o);
            return m.ToArray();
        }
    }

    static T Read<T>(byte[] text)
    {
        using (var m = new MemoryStream(text)) return (T)new DataContractJsonSerializer(typeof(T)).ReadObject(m);
    }

    static void Main(string[] args)
    {
        var token = File.ReadAllText(Environment.GetEnvironmentVariable("LOYALTILL_TOKEN_FILE")).Trim();
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Run(args[0]).GetAwaiter().GetResult();
    }
}
